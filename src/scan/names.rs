//! The table of field names: which key says what its value is.
//!
//! Names are in words, lower case, without diacritics; a key has the class of the longest name that
//! its last words spell. What ends in another word (`ssn_type`, `token_count`) has none.

use super::Detector;

/// How far a name is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    /// Says so whatever the value looks like, unless the value is harmless.
    Strong,
    /// Says so only if the value looks like one.
    Weak,
}

/// What a name says: a kind of value, or that it only sounds like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Values of this kind, this surely.
    Of(Detector, Tier),
    /// Nothing personal, though a shorter name would say so.
    Harmless,
}

const fn strong(detector: Detector) -> Class {
    Class::Of(detector, Tier::Strong)
}

const fn weak(detector: Detector) -> Class {
    Class::Of(detector, Tier::Weak)
}

/// Names by class, parted by commas.
pub(super) const NAMES: &[(Class, &str)] = &[
    (
        strong(Detector::UsSsn),
        "ssn,social security,social security number,social security no,taxpayer id,taxpayer identification number,\
         tin,itin,ssn number,ssn no,ssn last4,ss number",
    ),
    (
        strong(Detector::Pan),
        "card number,card no,card num,cc number,cc num,credit card,credit card number,debit card,debit card number,\
         primary account number,payment card,payment card number,kartennummer,kreditkartennummer,kreditkarte,\
         numero carte,numero de carte,carte bancaire,numero tarjeta,numero de tarjeta,numero cartao,numero do cartao,\
         numero carta,numero di carta,kaartnummer,kortnummer,numer karty",
    ),
    (weak(Detector::Pan), "pan,card"),
    (
        strong(Detector::Email),
        "email,email address,mail address,mailadresse,courriel,adresse mail,correo,\
         correo electronico,endereco de email,posta elettronica,epost,sahkoposti,emails",
    ),
    (weak(Detector::Email), "mail"),
    (
        strong(Detector::Phone),
        "phone,phone number,phone no,telephone,telephone number,mobile number,mobile phone,cell phone,contact number,\
         fax,fax number,msisdn,whatsapp,telefon,telefonnummer,handy,handynummer,rufnummer,numero portable,telefono,\
         movil,celular,telemovel,telefone,cellulare,telefoonnummer,mobiel,puhelin,phones",
    ),
    (weak(Detector::Phone), "mobile,tel,cell"),
    (
        strong(Detector::Dob),
        "dob,date of birth,birth date,birthday,born on,date of death,death date,geburtsdatum,geburtstag,\
         date naissance,date de naissance,fecha nacimiento,fecha de nacimiento,data nascimento,data de nascimento,\
         data nascita,data di nascita,geboortedatum,fodselsdato,fodelsedatum,syntymaaika,data urodzenia",
    ),
    (
        strong(Detector::Mrn),
        "mrn,medical record number,medical record no,medical record,patient id,patient number,patient no,\
         patient identifier,chart no,chart number,hospital number,member id,subscriber id,beneficiary id,hicn,\
         patientennummer,versichertennummer,numero patient,historia clinica,tessera sanitaria,patientnummer",
    ),
    (strong(Detector::Iban), "iban,iban number,iban no,payee iban,ibans"),
    (
        strong(Detector::Ipv4),
        "ip address,client ip,remote addr,remote address,last login ip,source ip,src ip,user ip,peer ip,forwarded for",
    ),
    (weak(Detector::Ipv4), "ip,ips"),
    (
        strong(Detector::Secret),
        "password,passwd,pwd,passphrase,client secret,api key,access key,secret key,private key,\
         secret access key,access token,refresh token,id token,auth token,bearer token,session token,api token,\
         github token,gitlab token,slack token,npm token,cookie,set cookie,credentials,connection string,dsn,\
         sas token,signing key,signing secret,webhook secret,encryption key,otp,one time password,recovery code,\
         recovery codes,mnemonic,seed phrase,passwort,kennwort,mot de passe,mdp,contrasena,senha,wachtwoord,losenord,\
         haslo,salasana,passwords",
    ),
    (weak(Detector::Secret), "token,secret,authorization,key,clave,jwt,tokens,secrets"),
    (
        Class::Harmless,
        "page token,next token,next page token,continuation token,sync token,progress token,cursor token,primary key,\
         sort key,partition key,foreign key,public key,idempotency key,cache key,object key,routing key",
    ),
];
