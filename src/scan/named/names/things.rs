//! Health care, vehicles, devices and networks.

use super::{Row, beside, strong, weak};

pub(super) const ROWS: &[Row] = &[
    (beside("mrn"), "identifier,identifiers"),
    (
        strong("mrn"),
        "mrn,mrns,mrn number,medical record number,medical record no,medical record,medical record num,\
         med rec no,patient id,patient ids,patient number,patient no,patient identifier,patient num,\
         patient mrn,chart no,chart number,chart num,hospital number,hospital no,health record number,\
         record number of patient,patientennummer,patienten nr,patienten id,fallnummer,numero patient,\
         numero de patient,numero dossier medical,dossier medical,historia clinica,\
         numero de historia clinica,numero paciente,prontuario,numero do prontuario,cartella clinica,\
         numero cartella clinica,patientnummer,patientnr,numer pacjenta,potilasnumero,fall nr,pat nr,\
         aktenzeichen patient,nhc,nuhsa,n historia,num historia,numero de historia,nip paciente,n dossier,\
         num dossier,numero dossier,dossier patient,utente no,num utente,numero utente,numero de utente,\
         processo clinico,n processo,zorgnummer,dossiernummer,journalnummer,journalnr,numer kartoteki,\
         hosp no,hosp num,hospital id,hospital num,unit number patient,patient account,\
         patient account number,patient acct,encounter number,account number patient,case number patient,\
         med rec,med record,med record number,medical rec no,record no patient,medical id,emr id,ehr id,\
         emr number,pid number,pat id,pt id,pt no,pt mrn,empi,mpi id,uhid,ur number,urn patient,ihi",
    ),
    (
        strong("health_plan_id"),
        "member id,member no,member number,subscriber id,subscriber number,subscriber no,beneficiary id,\
         beneficiary number,health plan id,health plan number,health plan beneficiary number,insurance id,\
         insurance number,insurance no,insurance member id,insurance policy number,policy number,policy no,\
         policy num,claim number,claim no,claim num,health insurance number,health insurance id,\
         health card number,hicn,medicaid id,medicaid number,versichertennummer,krankenversicherungsnummer,\
         kvnr,versicherten nr,policennummer,numero assure,numero adherent,numero mutuelle,numero poliza,\
         numero de poliza,numero afiliado,numero de afiliado,carteirinha,cartao nacional de saude,cns,\
         numero apolice,tessera sanitaria,numero tessera sanitaria,polisnummer,zorgverzekeringsnummer,\
         numer polisy",
    ),
    (weak("health_plan_id"), "group number,group no,certificate number,claim id,rx bin"),
    (
        strong("us_npi"),
        "npi,npi number,npi no,national provider identifier,provider npi,national provider id,npis",
    ),
    (
        strong("us_mbi"),
        "mbi,medicare id,medicare beneficiary id,medicare beneficiary identifier,\
         medicare beneficiary number,mbi number,medicare claim number,mbis",
    ),
    (strong("us_dea"), "dea number,dea no,dea num,dea registration,dea registration number,dea license"),
    (weak("us_dea"), "dea"),
    (
        strong("license_plate"),
        "license plate,license plate number,licence plate,licence plate number,number plate,plate number,\
         plate no,registration plate,vehicle registration,vehicle registration number,reg plate,\
         kennzeichen,kfz kennzeichen,nummernschild,autokennzeichen,immatriculation,plaque immatriculation,\
         numero immatriculation,plaque d immatriculation,matricula,matricula del vehiculo,placa,\
         numero de placa,placa do veiculo,targa,targa veicolo,numero targa,kenteken,kentekennummer,\
         registreringsnummer,rekisterinumero,numer rejestracyjny,tablica rejestracyjna",
    ),
    (
        strong("vin"),
        "vin number,vin no,vehicle identification number,vehicle id number,chassis number,chassis no,\
         vehicle vin,fahrgestellnummer,fahrzeugidentifikationsnummer,fin nummer,numero de chassis,\
         numero chassis,numero de bastidor,bastidor,chassi,numero telaio,numero di telaio,chassisnummer,\
         numer vin",
    ),
    (weak("vin"), "vin"),
    (strong("imei"), "imei,imei number,imei no,imei1,imei2,device imei,meid"),
    (strong("iccid"), "iccid,sim number,sim card number,sim serial,sim iccid"),
    (
        strong("device_id"),
        "serial number,serial no,serial num,device serial,device serial number,device id,device identifier,\
         udi,unique device identifier,idfa,idfv,aaid,gaid,advertising id,android id,imsi,hardware id,hwid,\
         device uuid,machine id,implant serial number,seriennummer,geraetenummer,numero serie,\
         numero de serie,numero di serie,serienummer,numer seryjny",
    ),
    (
        strong("mac_address"),
        "mac address,mac addr,hardware address,ethernet address,wifi mac,bluetooth mac,mac adresse,\
         adresse mac,bssid",
    ),
    (weak("mac_address"), "mac,macs"),
    (
        strong("ipv4"),
        "ip address,ip addr,ip addresses,client ip,client ip address,remote addr,remote address,remote ip,\
         last login ip,source ip,src ip,user ip,peer ip,visitor ip,login ip,forwarded for,x forwarded for,\
         x real ip,real ip,public ip,external ip,ip adresse,adresse ip,direccion ip,endereco ip,\
         indirizzo ip,ip adres",
    ),
    (weak("ipv4"), "ip,ips,remote host"),
    (beside("device_id"), "serial"),
];
