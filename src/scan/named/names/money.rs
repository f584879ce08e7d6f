//! Cards, bank accounts, passwords and keys.

use super::{Row, beside, strong, weak};

pub(super) const ROWS: &[Row] = &[
    (
        strong("pan"),
        "card number,card no,card num,card nr,card numbers,cc number,cc num,cc no,credit card,\
         credit card number,credit card no,credit cards,debit card,debit card number,\
         primary account number,payment card,payment card number,payment card no,card pan,full card number,\
         account pan,kartennummer,kreditkartennummer,kreditkarte,karten nr,kreditkarten nr,numero carte,\
         numero de carte,numero carte bancaire,carte bancaire,carte de credit,numero tarjeta,\
         numero de tarjeta,tarjeta de credito,tarjeta credito,numero cartao,numero do cartao,\
         cartao de credito,numero carta,numero di carta,numero carta di credito,carta di credito,\
         kaartnummer,creditcardnummer,kortnummer,kredittkort,kreditkort,kortin numero,luottokortti,\
         numer karty,karta kredytowa",
    ),
    (weak("pan"), "pan,card,cc,acct pan"),
    (
        strong("cvv"),
        "cvv,cvc,cvv2,cvc2,csc,cvn,cav2,security code,card security code,card verification,\
         card verification value,card verification code,card verification number,card code,cvv code,\
         cvc code,cvv number,kartenpruefnummer,kartenprufnummer,pruefnummer,sicherheitscode,cryptogramme,\
         cryptogramme visuel,code de securite,codigo seguridad,codigo de seguridad,codigo de seguranca,\
         codice sicurezza,codice di sicurezza,beveiligingscode,sakerhetskod,sikkerhetskode,kod cvv",
    ),
    (beside("cvv"), "cid"),
    (
        strong("pin"),
        "pin block,card pin,pin code,atm pin,pin number,encrypted pin block,debit pin,customer pin,user pin",
    ),
    (weak("pin"), "pin"),
    (
        strong("card_track"),
        "track 1,track 2,track data,track1 data,track2 data,magstripe,magstripe data,magnetic stripe,\
         magnetic stripe data,track equivalent data",
    ),
    (
        strong("card_expiry"),
        "card expiry,card exp,card expiration,card expiry date,card expiration date,exp date,\
         expiry date of card,cc exp,cc expiry,cc expiration,expiration month year,valid thru,good thru,\
         card valid until",
    ),
    (beside("card_expiry"), "expiry,expiry date,expiration date,exp,exp month,exp year"),
    (
        strong("iban"),
        "iban,iban number,iban no,payee iban,ibans,iban nr,iban nummer,numero iban,codigo iban,codice iban,\
         numer iban,creditor iban,debtor iban",
    ),
    (
        strong("bic"),
        "bic code,swift code,swift bic,bic swift,swift number,code bic,codigo swift,codice bic,\
         bank identifier code",
    ),
    (weak("bic"), "bic,swift"),
    (
        strong("us_routing_number"),
        "routing number,routing no,routing num,routing transit number,aba,aba number,aba routing,\
         aba routing number,aba no,rtn,transit number,bank routing,bank routing number,ach routing,\
         ach routing number,routing,transit no,transit num,transit routing,routing nbr,routing id,\
         routing code,routing aba,routing transit,aba code,aba num,aba nbr,aba id,aba rtn,aba transit,\
         aba routing no,fedwire,fedwire routing,wire routing,wire routing number,rtn number,rtn no,\
         rt number,rt no,bank rtn,bank aba,bank transit,bank transit number,rtg no,rtg num,rdfi,odfi,dfi id,\
         micr routing",
    ),
    (weak("us_routing_number"), "transit,dfi"),
    (
        strong("bank_account"),
        "account number,account no,account num,acct number,acct no,acct num,acct,bank account,\
         bank account number,bank account no,checking account,savings account,checking account number,\
         savings account number,deposit account,direct deposit account,account numbers,beneficiary account,\
         payee account,debit account,credit account,kontonummer,konto nr,bankverbindung,bankleitzahl,blz,\
         rib,numero compte,numero de compte,compte bancaire,numero cuenta,numero de cuenta,cuenta bancaria,\
         numero da conta,numero conta,conta bancaria,conta corrente,agencia,numero conto,numero di conto,\
         conto corrente,rekeningnummer,bankrekening,bankrekeningnummer,bankkonto,kontonummer bank,\
         tilinumero,numer konta,numer rachunku,rachunek bankowy,bsb,bsb number,bsb code,acct nbr,\
         account nbr,acct id number,account num full,acct num full,bank acct,bank acct no,bank acct number,\
         bank acct num,checking acct,savings acct,checking acct no,savings acct no,a c,a c no,a c number,\
         acc no,acc num,acc number,acc nbr,dda,dda number,dda account,deposit acct,direct deposit acct,\
         payroll account,checking no,checking number,savings number,savings no,credit account number,\
         debit account number,beneficiary account number,payee account number,payee acct,\
         settlement account number,giro account,kto,kto nr,kto no,bankkonto nr,konto number,no compte,\
         n compte,num compte,numero de cta,num cuenta,nro cuenta,nro de cuenta,cta cte,cta corriente,\
         cuenta corriente,cuenta no,n conta,num conta,nr conta,conta corrente numero,n conto,num conto,\
         conto numero,c c bancario,rek nr,rekening nr,rek nummer,bankrek,nr konta,nr rachunku,konto bankowe,\
         rachunek,kontonr bank,bankgiro,plusgiro",
    ),
    (weak("bank_account"), "account,konto,compte,cuenta,conta,conto,rekening"),
    (strong("uk_sort_code"), "sort code,bank sort code"),
    (strong("mx_clabe"), "clabe,clabe interbancaria,cuenta clabe,numero clabe"),
    (strong("in_ifsc"), "ifsc,ifsc code,ifsc no"),
    (
        strong("bitcoin_address"),
        "bitcoin address,btc address,wallet address,crypto address,crypto wallet,ethereum address,\
         eth address",
    ),
    (
        strong("secret"),
        "password,passwords,totp seed,totp key,otp seed,mfa seed,sas key,sas signature,signing seed,passwd,pwd,passphrase,passcode,user password,password hash,hashed password,\
         client secret,app secret,shared secret,api key,api keys,access key,secret key,private key,\
         secret access key,private keys,access token,refresh token,id token,auth token,bearer token,\
         session token,api token,oauth token,authorization token,authentication token,security token,\
         csrf token,xsrf token,reset token,verification token,invite token,personal access token,\
         deploy token,bot token,webhook token,service account key,account key,service account json,\
         github token,gitlab token,slack token,npm token,aws secret access key,aws session token,stripe key,\
         stripe secret key,openai api key,anthropic api key,google api key,cookie,set cookie,cookies,\
         session cookie,credentials,credential,connection string,conn string,database url,dsn,sas token,\
         sas url,signing key,signing secret,webhook secret,encryption key,decryption key,master key,\
         hmac key,hmac secret,jwt secret,totp secret,mfa secret,otp,otp code,one time password,\
         one time code,verification code,mfa code,recovery code,recovery codes,backup codes,backup code,\
         mnemonic,mnemonic phrase,seed phrase,recovery phrase,secret phrase,ssh key,ssh private key,pem key,\
         tls key,keystore password,license key,x api key,proxy authorization,passwort,kennwort,passwoerter,\
         zugangsdaten,geheimnis,mot de passe,mdp,cle api,cle secrete,contrasena,contrasenia,clave secreta,\
         clave api,clave de acceso,senha,senhas,chave secreta,chave api,parola d ordine,chiave segreta,\
         chiave api,wachtwoord,toegangscode,losenord,passord,adgangskode,haslo,klucz api,salasana,\
         tunnusluku,db pass,db password,db pwd,user pass,login pass,admin pass,root pass,pg pass,pgpassword,\
         mysql pwd,mysql pass,redis pass,smtp pass,ftp pass,ssh pass,wifi pass,wifi key,wpa key,psk,\
         pre shared key,network key,pw,pwd hash,passwd hash,password value,password plain,\
         plaintext password,new password,old password,current password,temp password,temporary password,\
         default password,login password,account password,master password,root password,admin password,\
         email password,pin password,bearer,auth key,auth secret,auth code,auth header,token value,\
         token secret,secret value,secret text,secret token,secret string,access secret,access code,\
         access secret key,consumer secret,consumer key secret,client key,client token,app key,app token,\
         app password,application password,application secret,hook secret,webhook signing key,webhook key,\
         hmac,signing token,signature key,deploy key,deploy secret,deploy password,registry password,\
         registry token,docker password,dockerhub token,ci token,ci job token,ci secret,build token,\
         runner token,registration token,pypi token,cargo token,nuget key,maven password,sonar token,\
         codecov token,sentry auth,sentry auth token,sentry token,datadog api key,dd api key,vault token,\
         vault secret,consul token,nomad token,kube token,kubeconfig token,k8s token,gcp key,azure key,\
         azure secret,azure client secret,storage account key,shared access key,shared access signature,\
         private token,x auth token,x gitlab token,x vault token,x api token,npm auth token,npm auth,\
         heroku api key,twilio auth token,sendgrid api key,mailgun key,algolia key,admin key,service key,\
         service token,service password,robot token,session secret,session key,cookie secret,csrf secret,\
         jwt key,jwt signing key,jwt token,id token hint value,oauth secret,oauth client secret,\
         refresh secret,device code secret,magic link token,invite code secret,keystore pass,\
         truststore password,key password,key passphrase,ssh passphrase,ssh key passphrase,gpg passphrase,\
         encryption secret,crypto key,cipher key,aes key,rsa key,salt secret,snmp community,\
         community string,ldap password,bind password,ldap bind password,smtp password,imap password,\
         proxy password,sudo password,su password,vpn password,vpn key,wireguard key,passord hash,\
         senha de acesso,senha atual,nova senha,contrasena actual,nueva contrasena,palabra clave,\
         mot de passe actuel,code secret,code d acces,kennwort neu,zugangscode,zugangspasswort,\
         zugangsschluessel,geheim,geheimer schluessel,api schluessel,chiave di accesso,parola chiave,\
         parola di accesso,wachtwoord hash,geheime sleutel,sleutel api,haslo do,klucz prywatny,\
         klucz dostepu,token dostepu,hemlig nyckel,api nyckel",
    ),
    (
        weak("secret"),
        "token,secret,authorization,key,clave,jwt,tokens,secrets,auth,nonce secret,session id,sid,pass,\
         creds,cred,login token,hook",
    ),
];
