//! People and how they are reached.

use super::{Row, beside, sole, strong, weak};

pub(super) const ROWS: &[Row] = &[
    (
        strong("person_name"),
        "first name,given name,last name,family name,middle name,maiden name,fname,lname,forename,surname,\
         birth name,legal name,preferred name,nickname of person,patient name,customer name,client name,\
         employee name,contact name,insured name,recipient name,sender name,member name,subscriber name,\
         beneficiary name,payee name,payer name,account holder,account holder name,account name holder,\
         card holder,cardholder name,name on card,policy holder,policy holder name,beneficiary,payee,\
         next of kin,next of kin name,spouse,spouse name,mother name,mothers name,mother maiden name,\
         mothers maiden name,father name,fathers name,guardian name,parent name,child name,student name,\
         teacher name,doctor name,physician name,physician,attending physician,provider name,nurse name,\
         therapist name,applicant name,candidate name,borrower name,tenant name,owner name,passenger name,\
         traveler name,traveller name,guest name,driver name,buyer name,seller name,shipping name,\
         billing name,person name,people names,manager name,supervisor name,witness name,\
         emergency contact name,emergency contact,signatory,signed by,legal guardian,account owner name,\
         name of patient,name of customer,name of insured,employee full name,user full name,real name,\
         patient full name,patient nm,patient full nm,cust name,cust nm,customer full name,client full name,\
         employee nm,emp name,empl name,insured party,insured person,insured nm,subscriber nm,\
         member full name,contact person,contact full name,primary contact,account contact,billing contact,\
         emergency contact person,kin name,next of kin full name,claimant,claimant name,adjuster,\
         adjuster name,case manager,caseworker,social worker,prescriber,prescriber name,prescribed by,\
         referring doctor,referring physician,referring provider,attending doctor,attending provider,\
         primary care physician,primary care provider,family doctor,ordering physician,ordering provider,\
         consulting physician,rendering provider,treating physician,surgeon name,radiologist,pathologist,\
         cardiologist,anesthesiologist,general practitioner,gp name,pcp name,pharmacist,holder name,\
         card owner,lead guest,lead passenger,lead traveller,passenger name record name,pax name,\
         attorney name,complainant,decedent,testator,mortgagor,ordering customer,ultimate beneficiary,\
         donor name,parent guardian,partner name,dependent name,dependant name,direct manager,\
         hiring manager,hr contact,signee,signer name,ubo,beneficial owner,authorized signatory,\
         authorised signatory,user real name,screen full name,lname fname,full legal name,name full,\
         name last first,last nm,first nm,surname name,forenames,given names,middle initial name,maiden,\
         birth surname,former name,alias name,nok,consignee name,shipper name,recipient full name,\
         delivery contact,ship to name,bill to name,sold to name,requester name,requested for,reported for,\
         assigned technician,technician name,engineer name,courier name,primary insured,secondary insured,\
         named insured,policyowner,life assured,responsible party,financially responsible party,\
         guarantor name,attending nurse,transcriptionist,name of account holder,first given name,\
         first and last name,last name first name,holder full name",
    ),
    (
        strong("person_name"),
        "vorname,vornamen,nachname,familienname,geburtsname,patientenname,kundenname,mitarbeitername,\
         kontoinhaber,karteninhaber,versicherter,versicherungsnehmer,ansprechpartner,vor und nachname,\
         zuname,prenom,prenoms,nom de famille,nom famille,nom naissance,nom de naissance,nom patient,\
         nom du patient,nom client,nom complet,titulaire,titulaire du compte,titulaire carte,nom usage,\
         beneficiaire,apellido,apellidos,primer apellido,segundo apellido,nombre completo,nombre paciente,\
         nombre del paciente,nombre cliente,nombre de pila,nombre pila,nombres,titular,titular cuenta,titular de la cuenta,\
         paciente,beneficiario,sobrenome,apelido,nome completo,nome paciente,primeiro nome,ultimo nome,segundo nome,nome do paciente,nome cliente,\
         nome do cliente,nome da mae,cognome,intestatario,paziente,nome e cognome,nome paziente,voornaam,\
         voornamen,achternaam,ten name van,op naam van,rekeninghouder,kaarthouder,geboortenaam,patientnaam,klantnaam,fornamn,\
         efternamn,patientnamn,kundnamn,fornavn,etternavn,efternavn,mellomnavn,mellemnavn,kundenavn,etunimi,\
         sukunimi,kutsumanimi,imie,imiona,nazwisko,imie i nazwisko,nazwisko panienskie,imie nazwisko,\
         vorname nachname,name vorname,name des patienten,name patient,name des versicherten,\
         versicherte person,versicherten name,kontaktperson,sachbearbeiter,sachbearbeiterin,antragsteller,\
         antragstellerin,geschadigter,anspruchsteller,zahlungsempfanger,rechnungsempfanger,lieferempfanger,\
         besteller,kaufer,verkaufer,hausarzt,behandelnder arzt,uberweisender arzt,einweisender arzt,\
         facharzt,operateur,pfleger,erziehungsberechtigter,ehepartner,ehegatte,ehefrau,ehemann,\
         notfallkontakt,fahrzeughalter,angehoriger,angehorige,unterzeichner,geschaftsfuhrer,rufname,ledigname,madchenname,\
         ansprechperson,nom prenom,nom et prenom,nom prenoms,prenom nom,nom de jeune fille,nom marital,\
         nom d usage,nom assure,assure,assuree,demandeuse,locataire,bailleur,interlocuteur,contact client,\
         medecin traitant,medecin prescripteur,praticien,chirurgien,conjoint,conjointe,epoux,epouse,pere,\
         mere,tuteur,responsable legal,emetteur,debiteur,crediteur,personne a contacter,personne contact,\
         livrer a,facture a,nombre y apellidos,apellidos y nombre,nombre apellidos,nombre titular,\
         nombre del titular,nombre empleado,asegurado,tomador,arrendatario,arrendador,medico tratante,\
         medico responsable,conyuge,persona de contacto,contacto de emergencia,ordenante,deudor,acreedor,\
         responsable del paciente,cognome e nome,cognome nome,nome cognome,nominativo,assicurato,contraente,\
         locatario,medico curante,coniuge,genitore,ordinante,debitore,nome do titular,nome do utente,\
         segurado,tomador do seguro,solicitante do servico,inquilino,senhorio,medico assistente,conjuge,\
         encarregado de educacao,devedor,nome social,nome de solteira,nome do responsavel,volledige naam,\
         naam patient,naam client,naam klant,roepnaam,meisjesnaam,contactpersoon,verzekerde,\
         verzekeringnemer,huurder,verhuurder,huisarts,behandelend arts,behandelaar,echtgenoot,echtgenote,\
         partner naam,voogd,ondertekenaar,getuige,namn patient,fullstandigt namn,tilltalsnamn,\
         kontaktperson namn,sokande,forsakrad,forsakringstagare,hyresgast,hyresvard,ansvarig lakare,\
         vardnadshavare,undertecknare,betalningsmottagare,pelne imie,nazwisko i imie,nazwisko rodowe,\
         imie ojca,imie matki,pacjent,ubezpieczony,ubezpieczajacy,najemca,lekarz prowadzacy,malzonek,\
         podpisujacy,osoba kontaktowa,zleceniodawca,wlasciciel konta",
    ),
    (
        weak("person_name"),
        "full name,display name,counterparty name,owner display,owner display name,debtor name,creditor name,remitter name,originator name,\
         payor name,assignee name,author name,patient,insured,cardholders,spouses,caller name,\
         attendee name,assigned to,employee,cliente,kunde,patientin,mitarbeiter,attending,next of kins,\
         first names,last names",
    ),
    (
        sole("person_name"),
        "name,owner,author,contact,assignee,reporter,customer,client,recipient,sender,attendee,organizer,\
         approver,reviewer,requester,requestor,requested by,created by,updated by,approved by,caller,\
         manager,supervisor,doctor,bill to,ship to,sold to,attention,account name,buyer,party,counterparty,halter,fahrer,seller,guest,guests,\
         host name,passenger,passengers,caller id,opened by,resolved by,closed by,prepared by,submitted by,\
         reported by,submitter,collaborators,participants,watchers,attendees,assignees,owners,authors,\
         reviewers,approvers,travelers,travellers,nom,nombre,nome,naam,namn,navn,nimi,autor,auteur,autore,\
         eigentumer,inhaber,cn,lead,assigned,author full name,billed to,addressee,invitee,invited by,\
         organiser,host,speaker,speakers,presenter,signed,reporter name,watcher,commenter,committer,\
         maintainer contact,member,members,resident,consultant,trainer,coach,advisor,adviser,broker,teller,\
         clerk,officer,detective,patients,customers,clients,employees,students,teachers,persons,person,\
         people,pt,pt name,spouse full name,nominee,nominee name,trustee,escalated to,escalated by,\
         handed over to,agent name,assigned agent,account manager,opened for,raised by,filed by,handled by,\
         attended by,referred by,ordered by,authorized by,authorised by,witnessed by,dictated by,surgeon,\
         pcp,nurse,therapist,counselor,dentist,holder,pax,driver,defendant,plaintiff,petitioner,respondent,\
         judge,attorney,lawyer,counsel,victim,suspect,witness,deceased,executor,heir,landlord,tenant,lessee,\
         lessor,grantor,grantee,borrower,co borrower,guarantor,debtor,creditor,drawer,drawee,remitter,\
         originator,donor,father,mother,guardian,wife,husband,son,daughter,sibling,dependents,applicant,\
         candidate,interviewer,interviewee,trainee,student,pupil,teacher,instructor,line manager,reports to,\
         recruiter,signer,signers,notary,shareholder,director name,aka,kin,consignee,deliver to,attn,\
         attention to,care of,c o,on behalf of,technician,operator name,handler,dispatcher,courier,\
         annuitant,resident name,intern,fellow,scribe,kontakt,bearbeiter,zeuge,mieter,vermieter,schuldner,\
         glaubiger,auftraggeber,empfanger,absender,arzt,erstellt von,genehmigt von,zustandig,verantwortlich,\
         demandeur,requerant,destinataire,expediteur,medecin,docteur,infirmier,infirmiere,responsable,\
         salarie,signataire,temoin,solicitante,destinatario,remitente,medico,enfermera,padre,madre,tutor,\
         empleado,firmante,contacto,testigo,richiedente,dipendente,referente,mittente,firmatario,testimone,\
         utente,requerente,remetente,pai,mae,funcionario,colaborador,signatario,responsavel,aanvrager,\
         ontvanger,afzender,werknemer,medewerker,begunstigde,opdrachtgever,mottagare,avsandare,lakare,\
         make maka,anstalld,handlaggare,vittne,klient,odbiorca,nadawca,wnioskodawca,zglaszajacy,lekarz,\
         opiekun,pracownik,beneficjent,swiadek",
    ),
    (beside("person_name"), "first,last,given,family,middle,names,user,username,initials"),
    (
        strong("email"),
        "email,email address,email addr,mail address,emails,email addresses,work email,mailadresse,\
         email adresse,courriel,adresse mail,adresse email,adresse electronique,correo,correo electronico,\
         direccion de correo,endereco de email,endereco email,posta elettronica,indirizzo email,epost,\
         epostadress,epostadresse,mailadres,emailadres,sahkoposti,sahkopostiosoite,adres email,correo e,\
         upn,user principal name",
    ),
    (weak("email"), "mail,mails,mailto,reply to,recipients"),
    (
        strong("phone"),
        "phone,phone number,phone no,phone num,phones,phone numbers,telephone,telephone number,\
         telephone no,mobile number,mobile no,mobile phone,mobile phone number,cell phone,cell number,\
         contact number,contact no,contact phone,home phone,work phone,fax,fax number,fax no,msisdn,\
         whatsapp,whatsapp number,home tel,work tel,mobile tel,tel home,tel work,tel mobile,tel mobil,tel privat,tel dienstlich,\
         tel dom,tel domicile,tel bureau,tel portable,tel casa,tel cel,telefon privat,telefon mobil,\
         telefon dienstlich,telefon hem,telefon arbete,telefon kontaktowy,telefon domowy,numer kontaktowy,\
         telefoon thuis,telefoon werk,telefone celular,telefone fixo,telefone residencial,telefono fijo,\
         telefono casa,telefono de contacto,telefono contacto,tlf,tlf nr,durchwahl,phone home,phone work,phone mobile,\
         telefon,telefonnummer,telefonnr,tel nr,tel no,handy,handynummer,\
         rufnummer,mobilnummer,mobilfunknummer,faxnummer,festnetz,numero portable,numero de telephone,\
         numero telephone,telephone portable,telefono,numero de telefono,numero telefono,movil,\
         telefono movil,celular,numero celular,telemovel,telefone,numero de telefone,numero telemovel,\
         cellulare,numero di telefono,numero cellulare,telefoonnummer,telefoon,mobiel,mobiele nummer,\
         mobiltelefon,puhelin,puhelinnumero,numer telefonu,telefon komorkowy,komorka",
    ),
    (weak("phone"), "mobile,tel,cell,sms number,callback number,portable"),
    (
        strong("dob"),
        "dob,date of birth,birth date,birthday,born on,day of birth,dt of birth,birth dt,date of death,\
         death date,deceased date,dod,admission date,date of admission,admit date,discharge date,\
         date of discharge,date of service,service date of patient,geburtsdatum,geburtstag,geb datum,\
         sterbedatum,aufnahmedatum,entlassungsdatum,geboren am,date naissance,date de naissance,ne le,\
         nee le,date de deces,date deces,fecha nacimiento,fecha de nacimiento,fecha nac,fecha de defuncion,\
         data nascimento,data de nascimento,data nasc,data nascita,data di nascita,nato il,nata il,\
         geboortedatum,geboren op,fodselsdato,fodselsdag,fodelsedatum,fodelsedag,syntymaaika,syntymapaiva,\
         data urodzenia,birth year,year of birth,geburtsjahr,born,geb,geb am,geboren,nacido el,nacida el,\
         nascido em,nascida em,nato a,nata a,fodd,fodt,urodzony,urodzona,syntynyt,admitted on,discharged on,\
         died on,deceased date time,deceased on,bdate,bday,birth,birth date time,birth time,dobs,date birth,\
         date of birth dob,yob,born in,born date,birthday date,date born,bd date,dob date,birth dob,\
         patient dob,member dob,subscriber dob,insured dob,geb dat,geb d,geburtsdat,geburtstag am,geb dtm,\
         jahrgang,ddn,date naiss,date de naiss,d naissance,naissance,ne en,nee en,anniversaire,f nac,\
         f nacimiento,f de nacimiento,fec nac,fec nacimiento,fecha de nac,fecha nacim,fch nac,nacimiento,\
         nacio,nacio el,nacido,nacida,nacido a el,nacido a,nato a il,nato nata il,data de nasc,dt nasc,\
         dt nascimento,nasc,nascimento,nasceu,nasceu em,nasceu a,nascido,nascida,nascido a,nascida a,\
         data di nasc,dt nascita,nascita,nato,nata,aniversario,data de aniversario,geb dt,geboortedat,\
         geboorte,geboren te,data ur,data urodz,urodz,ur,ur dnia,urodzony dnia,urodzona dnia,urodzenia,\
         urodzony w,urodzona w,dzien urodzenia,fodelsedat,fodd den,fodd ar,fodelsear,fodselsar,fodt den,\
         fodselsdata,fodd datum,synt aika,datum narozeni,datum narodenia,narozen,narozena,szuletesi datum,\
         szuletesi ido,szuletett,data nasterii,datum rodenja,dogum tarihi",
    ),
    (
        strong("address"),
        "street,street address,street name,street line,address line,address street,home address,\
         billing address,shipping address,postal address,mailing address,residential address,\
         delivery address,work address,permanent address,current address,billing street,shipping street,\
         home street,house number,house no,patient address,customer address,place of residence,\
         residence address,addr line,po box,strasse,strasse und hausnummer,anschrift,wohnanschrift,\
         hausnummer,wohnort,lieferadresse,rechnungsadresse,postanschrift,heimatadresse,wohnadresse,rue,\
         adresse postale,adresse domicile,numero et rue,adresse de livraison,adresse de facturation,calle,\
         domicilio,direccion,direccion postal,calle y numero,direccion de envio,rua,morada,endereco,\
         logradouro,endereco residencial,bairro,indirizzo,indirizzo di residenza,via e numero,residenza,\
         straat,straatnaam,huisnummer,woonplaats,huisadres,woonadres,postadres,gatuadress,gateadresse,\
         gadenavn,postadress,postadresse,bostadsadress,hjemmeadresse,katuosoite,osoite,ulica,\
         adres zamieszkania,adres zameldowania,adres korespondencyjny,numer domu,addr1,addr2,address1,\
         address2,address line one,address line1,address line2,street line1,street line2,address line two,street1,street2,street no,street number,home addr,\
         mail address line,full address,service address,property address,premises,ship address,bill address,\
         ship addr,bill addr,registered address,street and number,strasse nr,strasse hausnr,meldeadresse,\
         zustelladresse,adresse ligne 1,adresse complete,adresse du patient,domicile,domicilio fiscal,\
         direccion completa,direccion de entrega,indirizzo di casa,indirizzo completo,endereco completo,\
         endereco de entrega,morada completa,adres dostawy,adres domowy,adres pocztowy,bezoekadres,\
         afleveradres,factuuradres,leveransadress,folkbokforingsadress,hemadress,leveringsadresse,\
         fakturaadresse",
    ),
    (
        weak("address"),
        "address,addresses,addr,adresse,adres,adress,addressed to,residence,location address,wohnhaft",
    ),
    (
        beside("address"),
        "city,via,postort,kommune,localidad,localidade,localite,poblacion,line1,line2,town,village,municipality,county,neighborhood,district,city name,home city,birth place,\
         place of birth,geburtsort,ort,stadt,ville,lieu de naissance,ciudad,lugar de nacimiento,municipio,\
         cidade,citta,comune,luogo di nascita,stad,plaats,geboorteplaats,miasto,miejsce urodzenia,location",
    ),
    (
        strong("postal_code"),
        "zip code,postcode,postal code,zip plus four,zip4,plz,postleitzahl,code postal,codigo postal,\
         cod postal,cep,codice postale,cap code,postcodes,postnummer,postnr,postinumero,kod pocztowy,\
         zip postal code,pin code postal,eircode",
    ),
    (weak("postal_code"), "zip"),
    (beside("postal_code"), "cp,cap"),
    (
        strong("geo"),
        "latitude,longitude,gps coordinates,gps location,gps position,geolocation,geo coordinates,\
         home location,last known location,current location,latlng,lat long,breitengrad,laengengrad,\
         latitud,longitud,latitudine,longitudine,breedtegraad,lengtegraad",
    ),
    (
        strong("special_category"),
        "religion,religious affiliation,religious belief,religious beliefs,faith,ethnicity,ethnic origin,\
         ethnic group,racial origin,sexual orientation,sex life,gender identity,political affiliation,\
         political opinion,political opinions,political party,party membership,union membership,\
         trade union,trade union membership,union member,blood type,blood group,hiv,disability,\
         disabilities,medical condition,medical conditions,mental health,genetic data,criminal record,\
         criminal conviction,criminal convictions,philosophical beliefs,konfession,religionszugehoerigkeit,\
         ethnie,ethnische herkunft,sexuelle orientierung,gewerkschaft,gewerkschaftszugehoerigkeit,\
         politische meinung,parteizugehoerigkeit,blutgruppe,behinderung,vorstrafen,origine ethnique,\
         orientation sexuelle,appartenance syndicale,opinions politiques,groupe sanguin,\
         confession religieuse,religiao,etnia,origen etnico,orientacion sexual,afiliacion sindical,\
         afiliacion politica,grupo sanguineo,tipo sanguineo,discapacidad,orientacao sexual,\
         filiacao sindical,origine etnica,orientamento sessuale,gruppo sanguigno,etniciteit,\
         seksuele geaardheid,geloofsovertuiging,bloedgroep,wyznanie,pochodzenie etniczne,grupa krwi",
    ),
    (beside("special_category"), "race,diagnosis,diagnoses,diagnose,diagnostico,allergies,medications,caste"),
    (
        strong("biometric"),
        "fingerprint template,fingerprint image,fingerprint scan,fingerprint data,fingerprints of person,\
         face encoding,face template,face embedding,face id,facial template,facial image,face image,\
         face photo,full face photo,passport photo,mugshot,voiceprint,voice template,iris scan,\
         iris template,iris code,retina scan,palm print,hand geometry,biometric,biometrics,biometric data,\
         biometric template,biometric hash,fingerabdruck,empreinte digitale,huella dactilar,\
         impressao digital,impronta digitale,vingerafdruk",
    ),
    (beside("biometric"), "fingerprint,photo,signature image"),
];
