//! Numbers that states give to people and to what they own, each in the language of its state.

use super::{Row, beside, strong, weak};

pub(super) const ROWS: &[Row] = &[
    (
        strong("us_ssn"),
        "ssn,social security,social security number,social security no,social security num,soc sec no,\
         soc sec number,taxpayer id,taxpayer identification number,taxpayer number,tin,ssn number,ssn no,\
         ssn num,ssn last4,ssn last four,last four ssn,last4 ssn,ss number,ss no,ssns,social,us ssn,\
         social sec,social sec no,social sec num,social sec number,soc sec,soc sec num,ss num,ss nbr,\
         ssn nbr,ssn id,ssn value,ssn full,full ssn,ssn tin,tin ssn,taxpayer ssn,ssn itin,ssan,\
         social insurance us,social security nbr,social security id,employee ssn,us social security,\
         us social,ssn9,ssn text,ssn plain,ssn raw,patient ssn,member ssn,national insurance us,tax id ssn,\
         w2 ssn,w9 tin,recipient tin,payee tin,payee ssn",
    ),
    (
        strong("us_itin"),
        "itin,individual taxpayer id,individual taxpayer identification number,itin number,itins",
    ),
    (weak("us_itin"), "tax id,tax number,tax no,tax identification number,tax id number"),
    (strong("us_atin"), "atin,adoption taxpayer id,adoption taxpayer identification number"),
    (strong("us_ptin"), "ptin,preparer ptin,preparer tax id,preparer tax identification number"),
    (
        strong("us_ein"),
        "ein,employer id,employer id number,employer identification number,federal tax id,fein,federal ein,\
         employer tax id,ein number,eins",
    ),
    (strong("uk_nhs"), "nhs number,nhs no,nhs num,nhs id,nhs,nhs numbers"),
    (
        strong("uk_nino"),
        "nino,national insurance number,national insurance no,national insurance,ni number,nin uk",
    ),
    (strong("uk_utr"), "utr,unique taxpayer reference,utr number,utr no,self assessment reference"),
    (strong("ie_pps"), "pps number,pps no,ppsn,pps,personal public service number"),
    (
        strong("de_tax_id"),
        "steuer id,steuer identifikationsnummer,steuer identnummer,idnr,tin de,steuernummer,steuer nr,\
         steuer idnr,identifikationsnummer,steuerliche identifikationsnummer,idnummer,steuer ident nr,\
         tax id de",
    ),
    (
        strong("de_social_insurance"),
        "sozialversicherungsnummer,rentenversicherungsnr,rentenversicherungsnummer,sv nummer,rvnr,rv nummer,versicherungsnummer",
    ),
    (
        strong("de_id_card"),
        "personalausweisnummer,ausweisnummer,personalausweis,personalausweis nr,ausweis nr",
    ),
    (
        strong("fr_nir"),
        "nir,numero secu,numero de secu,numero securite sociale,numero de securite sociale,\
         no securite sociale,securite sociale,numero insee,insee,no secu,num secu",
    ),
    (strong("es_dni"), "dni,nie,numero dni,numero nie,documento nacional de identidad,dni nie,numero de dni"),
    (weak("es_dni"), "nif"),
    (strong("it_codice_fiscale"), "codice fiscale,cod fiscale,cod fisc"),
    (strong("nl_bsn"), "bsn,burgerservicenr,bsn nr,burgerservicenummer,bsn nummer,sofinummer"),
    (
        strong("be_national_number"),
        "rijksregisternummer,national register number,numero de registre national,numero registre national,\
         registre national,nationaal nummer,insz,niss,national registration number,rijksregister",
    ),
    (
        strong("pl_pesel"),
        "pesel,numer pesel,nr pesel,pesel nr,pesel no,pesel number,pesel num,pesel id,pesel pacjenta,\
         pesel ubezpieczonego,nr ewidencyjny pesel,numer ewidencyjny pesel,numer ewidencyjny,pesel value,\
         polish id",
    ),
    (strong("se_personnummer"), "personnummer,samordningsnummer,personnr,swedish personal number"),
    (strong("fi_hetu"), "hetu,henkilotunnus,sotu,finnish personal id"),
    (
        strong("no_fodselsnummer"),
        "fodselsnummer,fodselsnr,foedselsnummer,fnr,d nummer,personnummer no,norwegian national id",
    ),
    (strong("dk_cpr"), "cpr,cpr nummer,cpr nr,cpr number,cpr no,personnummer dk"),
    (strong("is_kennitala"), "kennitala,kt nr,kennitolur"),
    (
        strong("at_svnr"),
        "svnr,versicherungsnummer at,versicherungsnr at,sozialversicherungsnr,sv nummer at,svnr at",
    ),
    (
        strong("ch_ahv"),
        "ahv,ahv nummer,ahv nr,ahvn13,ahv number,avs,numero avs,no avs,navs13,avs number,\
         sozialversicherungsnummer ch",
    ),
    (
        strong("pt_nif"),
        "contribuinte,numero de contribuinte,nif contribuinte,nif do contribuinte,numero contribuinte,\
         numero de identificacao fiscal,nif pt",
    ),
    (strong("cz_rodne_cislo"), "rodne cislo,rc cz,birth number,rodne c,rodne cislo sk"),
    (strong("ro_cnp"), "cnp,cod numeric personal,codul numeric personal"),
    (strong("bg_egn"), "egn,edinen grazhdanski nomer,uniform civil number"),
    (strong("gr_amka"), "amka,ar amka,arithmos amka"),
    (strong("hr_oib"), "oib,osobni identifikacijski broj"),
    (strong("si_emso"), "emso,maticna stevilka,jmbg,enotna maticna stevilka obcana"),
    (strong("ee_isikukood"), "isikukood,asmens kodas,estonian id,personas kods"),
    (
        strong("tr_tckn"),
        "tckn,tc kimlik no,tc kimlik numarasi,tc kimlik,kimlik no,tc no,turkish id,kimlik numarasi",
    ),
    (
        strong("il_id"),
        "teudat zehut,teudat zehut number,mispar zehut,israeli id,israel id,israeli id number,teudat zeut",
    ),
    (
        strong("za_id"),
        "rsa id,rsa id no,rsa id number,south african id,south african id number,sa id number,za id,sa id,\
         za id number",
    ),
    (
        strong("ca_sin"),
        "sin number,social insurance number,social insurance no,social insurance,sin no,canadian sin,\
         numero assurance sociale,numero d assurance sociale",
    ),
    (weak("ca_sin"), "sin"),
    (
        strong("br_cpf"),
        "cpf,cpf number,numero cpf,numero do cpf,cpf titular,cadastro de pessoa fisica,cpf cliente,cpfs",
    ),
    (strong("br_cnpj"), "cnpj,numero cnpj,cadastro nacional da pessoa juridica,empresa cnpj,cnpjs"),
    (strong("mx_curp"), "curp,clave unica de registro de poblacion,numero curp"),
    (weak("mx_rfc"), "rfc"),
    (
        strong("mx_rfc"),
        "registro federal de contribuyentes,rfc contribuyente,rfc cliente,rfc receptor,rfc emisor",
    ),
    (strong("cl_rut"), "rut,rol unico tributario,numero rut,rut cliente,run chile,rut number"),
    (weak("cl_rut"), "run"),
    (strong("co_nit"), "nit,numero nit,numero de identificacion tributaria,nit empresa"),
    (
        strong("ar_cuit"),
        "cuit,cuil,numero cuit,numero cuil,cuit cuil,clave unica de identificacion tributaria",
    ),
    (
        strong("in_aadhaar"),
        "aadhaar,aadhaar number,aadhaar no,aadhar,aadhar number,aadhaar card,aadhaar id,aadhaar num,\
         aadhaar uid,aadhaar number masked,aadhar no,aadhar num,aadhar card,aadhar card no,aadhar id,adhaar,\
         adhaar no,adhaar number,aadhaar ref,aadhaar nbr,aadhaar val,uidai number,uidai no,aadhaar card no,\
         aadhaar card number,uid aadhaar,vid aadhaar",
    ),
    (weak("in_aadhaar"), "uid number,uidai,uid no"),
    (
        strong("in_pan"),
        "pan card,pan card number,pan card no,permanent account number,income tax pan,pan india,pan no,\
         in pan",
    ),
    (strong("in_gstin"), "gstin,gst number,gstin number,gst no,gst identification number"),
    (
        strong("in_epic"),
        "voter id,voter id number,voter id card,epic number,epic no,voter card number,voter id no",
    ),
    (strong("au_tfn"), "tfn,tax file number,tax file no,tfn number"),
    (
        strong("au_medicare"),
        "medicare card,medicare card number,medicare card no,medicare number,medicare no,medicare irn,\
         medicare,medicare num,medicare nbr,medicare au,au medicare,medicare card num,medicare id no,\
         medicare ref,medicare card nbr,aus medicare",
    ),
    (strong("au_abn"), "abn,australian business number,abn number,business number au"),
    (strong("nz_ird"), "ird number,ird,ird no,inland revenue number,nz ird"),
    (strong("sg_nric"), "nric,nric number,nric no,nric fin,fin number,fin no,singapore nric"),
    (
        strong("my_nric"),
        "mykad,mykad number,mykad no,malaysian ic,nric my,ic number,no kad pengenalan,kad pengenalan",
    ),
    (strong("th_pin"), "thai id,thai national id,thai id number,thai citizen id,thai id card,thailand id"),
    (strong("hk_id"), "hkid,hkid number,hkid no,hong kong id,hong kong identity card,hong kong id number"),
    (strong("tw_id"), "tw national id,taiwan id,taiwan national id,taiwan id number,tw id"),
    (
        strong("kr_rrn"),
        "rrn,resident registration number,resident registration no,korean rrn,jumin,jumin number,\
         jumin deungrok",
    ),
    (
        strong("cn_resident_id"),
        "resident identity card,resident id,resident id number,resident identity number,chinese id,\
         china id,shenfenzheng,shenfenzheng hao,resident id card",
    ),
    (strong("jp_my_number"), "my number,kojin bango,individual number,my number japan"),
    (strong("jp_corporate_number"), "corporate number,hojin bango,japanese corporate number"),
    (
        strong("passport"),
        "passport no,passport number,passport num,passport id,passport numbers,passnummer,reisepassnummer,\
         reisepass nr,reisepass,pass nr,numero passeport,numero de passeport,passeport,numero pasaporte,\
         numero de pasaporte,pasaporte,numero passaporte,numero do passaporte,passaporte,passaporto,\
         numero passaporto,numero di passaporto,paspoort,paspoortnummer,passinumero,numer paszportu,\
         paszport",
    ),
    (
        weak("passport"),
        "passport,travel document number,travel doc number,travel doc no,travel doc,travel document no",
    ),
    (
        strong("driver_license"),
        "driver license,driver license number,driver license no,drivers license,drivers license number,\
         drivers license no,driver licence,driver licence number,drivers licence,drivers licence number,\
         driving license,driving licence,driving licence number,driving license number,dl number,dl no,\
         dl num,license number,license no,licence number,licence no,licence num,license num,drivers lic no,\
         fuehrerscheinnummer,fuehrerschein,fuhrerscheinnummer,fuhrerschein,permis,permis de conduire,\
         numero permis,numero de permis,licencia de conducir,numero licencia,numero de licencia,\
         permiso de conducir,carteira de motorista,numero cnh,cnh,carta de conducao,patente di guida,\
         numero patente,rijbewijs,rijbewijsnummer,korkort,korkortsnummer,forerkort,korekort,korekortnummer,\
         ajokortti,prawo jazdy,numer prawa jazdy",
    ),
    (weak("driver_license"), "license,licence,dl,licencia"),
    (
        strong("national_id"),
        "national id,national id number,national id no,national identity number,national identity card,\
         identity number,identity no,identity card,identity card number,identity card no,id card,\
         id card no,id card number,id number,identification number,identification no,citizen id,\
         citizen number,citizenship number,personal id,personal id number,personal identification number,\
         personal identity number,personal number,personal code,government id,government id number,govt id,\
         state id number,civil id,emirates id,nid,nik,nid number,cnic,identity document,\
         identity document number,tax residence number,document of identity,numero identite,\
         numero carte identite,carte identite,carte d identite,numero de identidad,documento de identidad,\
         numero documento,cedula,cedula de identidad,numero de cedula,carnet de identidad,\
         bilhete de identidade,numero do documento,registro geral,carta d identita,carta identita,\
         numero carta identita,identiteitskaart,identiteitsnummer,identiteitskaartnummer,\
         legitimationsnummer,dowod osobisty,numer dowodu,nr dowodu,seria i numer dowodu",
    ),
    (weak("national_id"), "rg,natl id"),
    (beside("national_id"), "document number,document no"),
];
