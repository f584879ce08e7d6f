//! The words by which people are found in prose, and those that belong to no name.

use super::super::words::{Lexicon, Sieve};

pub(in crate::scan) static TITLES: Lexicon = Lexicon::new(
    "mr mrs ms miss mx dr prof professor doctor herr herrn frau fraulein mme mlle monsieur madame \
     mademoiselle sr sra srta don dona senor senora senhor senhora sig signor signora signore dott avv \
     dhr mevr mw meneer mevrouw hr fru pani rev reverend fr capt captain sgt lt hon judge senator m med \
     lek mgr inz dipl dent habil heer panu panem panie dna dn dra docteur docteure maitre me ing \
     signorina",
);

pub(in crate::scan) static LABELS: Lexicon = Lexicon::new(
    "patient patients customer client employee driver beneficiary name contact attn attention recipient \
     sender payee payer holder cardholder applicant insured subscriber tenant landlord guest passenger \
     student pupil teacher nurse physician prescriber surgeon therapist spouse wife husband son daughter \
     mother father brother sister witness caller resident victim suspect defendant plaintiff claimant \
     candidate borrower guarantor policyholder signatory guardian colleague neighbor neighbour buyer \
     seller donor named cliente paciente paziente empleado empleada funcionario beneficiario titular \
     nome nombre kunde kundin patientin mitarbeiter mitarbeiterin versicherter versicherte kontoinhaber \
     patiente salarie titulaire beneficiaire klant werknemer dipendente kund pasient pacjent pacjentka \
     klient surname attendee assignee addressee member consignee shareholder inmate trainee pt pts pat \
     mom dad mum grandmother grandfather grandson granddaughter aunt uncle cousin niece nephew \
     stepfather stepmother fiance fiancee girlfriend boyfriend roommate caregiver attorney lawyer \
     detective pharmacist dentist midwife psychiatrist psychologist cardiologist oncologist radiologist \
     anesthesiologist anaesthetist pathologist neurologist dermatologist urologist paediatrician \
     pediatrician gynecologist renter lessee lessor heir executor decedent deceased petitioner \
     respondent appellant complainant accused detainee interviewer interviewee nominee claimants juror \
     traveler traveller adjuster payor insurer attending referrer undersigned patienten patientens \
     versicherten zeuge zeugin mieter mieterin vermieter kollege kollegin tochter sohn ehefrau ehemann \
     mutter vater bruder schwester hausarzt arzt arztin antragsteller antragstellerin geschadigter \
     geschadigte unfallbeteiligter bewohner bewohnerin ansprechpartner ansprechpartnerin schuler \
     schulerin verstorbene verstorbener klager beklagter empfanger empfangerin auftraggeber \
     sachbearbeiter sachbearbeiterin bearbeiter einsender rechnungsempfanger temoin locataire salariee \
     epouse epoux fille fils assure assuree demandeur demanderesse medecin infirmiere infirmier conjoint \
     conjointe victime prevenu destinataire expediteur interlocuteur appelle testigo inquilino inquilina \
     hija hijo esposa esposo madre padre hermano hermana medico enfermera clienta asegurado asegurada \
     solicitante destinatario remitente tomador conductor acompanante llamo responsable contacto \
     testimone figlia figlio moglie marito sorella fratello infermiera assicurato assicurata richiedente \
     mittente curante chiamo testemunha filha filho mae pai irma irmao funcionaria segurado segurada \
     utente remetente requerente marido mulher chamo getuige huurder werkneemster medewerker \
     medewerkster dochter zoon echtgenote echtgenoot moeder vader broer zus huisarts ontvanger aanvrager \
     afzender contactpersoon verzekerde bewoner pacjenta pacjentki swiadek pracownik pracownica corka \
     syn zona maz matka ojciec brat siostra lekarz odbiorca nadawca zglaszajacy wnioskodawca \
     ubezpieczony podpisano najemca klienta klientka vittnet hyresgast medarbetaren medarbetare dottern \
     dotter sonen maka make modern fadern lakare mottagare avsandare handlaggare kontaktperson kunden \
     anstalld heter sokande",
);

pub(in crate::scan) static GREETINGS: Lexicon = Lexicon::new(
    "dear hi hello hey hallo liebe lieber cher chere estimado estimada querido querida caro cara gentile \
     beste geachte kjaere hej bonjour hola ola ciao morning afternoon evening tag morgen abend moin \
     servus gruezi salut coucou buongiorno buonasera salve egregio egregia spettabile prezado prezada oi \
     dia tarde noite buenos buenas dag hoi goedemorgen goedemiddag czesc witaj drogi droga szanowny \
     szanowna szanowni tjena basta kara kare heisann moi",
);

/// Small words that lead to a person behind one of [`HEADS`]: `spoke with`, `Rechnung an`.
pub(in crate::scan) static LINKS: Lexicon = Lexicon::new(
    "with by from to is am ist for of mit von an bei durch fur als avec par de pour a con por para com da em met door van \
     voor dla od z do sie med till av fran fra til me ai al",
);

/// What stands before the small words.
pub(in crate::scan) static HEADS: Lexicon = Lexicon::new(
    "spoke spoken speak speaking met talked talk talking chatted meeting appointment interview conversation married \
     signed approved written reviewed submitted prepared requested reported treated seen accompanied witnessed \
     examined raised authored call email mail letter message heard voicemail note complaint transfer payment \
     received deposit request assigned addressed escalated paid payable transferred refunded refund issued \
     delivered shipped reassigned belongs name i invoice prescription referral reservation booking booked \
     prescribed ticket visa policy caring bill ship sold deliver discussed consulted forwarded forward refer referred \
     reassign escalate dictated transcribed identified ordered interviewed chaired wire order care son daughter \
     wife husband mother father brother sister parents estate behalf death statement testimony wedding signature \
     leave salary account claim notes results contacted named \
     gesprochen gesprach telefonat rucksprache treffen termin besprochen verheiratet uberweisung zahlung anruf \
     eingang brief nachricht unterschrieben behandelt untersucht tochter sohn uberwiesen geschickt rechnung \
     ubergeben melden ruckruf vertreten lieferung einweisung antrag \
     parle discute entretien signe adresse redige valide envoye approuve appel virement courrier recu fils fille \
     epouse facture ordonnance dossier rdv livre envoi consultation \
     hable hablo hablado reunion firmado aprobado solicitado pago llamada recibido recibida nombre hijo hija factura \
     receta cita pedido correo \
     parlato firmato bonifico ricevuto chiamata intestata intestato fattura ricetta moglie figlio figlia \
     falei falou reuniao assinado pagamento recebido nome fatura filho filha consulta chamo \
     gesproken afspraak ondertekend betaling ontvangen factuur gesprek naam telefoontje \
     rozmawialem rozmawialam rozmowa spotkanie faktura platnosc nazywam podpisano wplata przelew \
     pratade talade samtal mote betalning undertecknat undertecknad skickat bokning \
     regarding",
);

/// The last word of a line above a person, behind one of [`HEADS`]: `BILL TO`.
pub(in crate::scan) static LINES: Lexicon = Lexicon::new("to an for from a fur pour");

/// Whom a family name alone may follow, or a whole name.
pub(in crate::scan) static ROLES: Lexicon = Lexicon::new(
    "officer detective constable inspector sheriff sergeant lieutenant colonel nurse coach pastor justice \
     chancellor professor familie family familia famille colleague doctor counsel physician surgeon agent corporal \
     deputy superintendent trooper reverend rabbi imam deacon kollege kollegin docteur medico doktor lakaren \
     professeur commissaire inspecteur profesor profesora professore",
);

/// Whom a name may follow that is no title, where it is written small.
pub(in crate::scan) static SMALL: Lexicon = Lexicon::new(
    "user owner author editor agent partner friend manager director engineer developer consultant boss clerk \
     accountant broker resident intern registrar paramedic captain pilot trustee notary interpreter recruiter \
     supervisor coordinator instructor trainer tutor principal neighbour neighbor named called contact tell ask ping \
     call email thank thanks",
);

pub(in crate::scan) static JOINTS: Lexicon =
    Lexicon::new("and und et y e en og och i or oraz med met avec con com");

/// What people do, and machines and firms hardly.
pub(in crate::scan) static DEEDS: Lexicon = Lexicon::new(
    "emailed phoned texted asked replied wrote telephoned complained apologized denies complains \
     presented verbalized ambulated reports states",
);
pub(in crate::scan) static CALLED: Lexicon =
    Lexicon::new("about to in back again regarding yesterday today this");
/// What somebody does who was spoken of before.
pub(in crate::scan) static VERBS: Lexicon =
    Lexicon::new("will has had is was can would who said says does did");

/// Small words between the words of a name.
pub(in crate::scan) static PARTICLES: Lexicon = Lexicon::new(
    "van von vom zu zum zur de der den del della delle di da das do dos du des la le las los ter ten \
     te bin ibn al el af av",
);

/// Words that introduce a person with a colon behind them only.
pub(in crate::scan) static HEADINGS: Lexicon = Lexicon::new(
    "from to cc bcc by author coauthor reporter assignee requester requestor owner approver reviewer \
     committer organizer participants participant billed von an de para da aan vom od do fra till \
     til fran par por objet betreff signed undersigned accompanied witnessed prepared verified examined \
     reviewed approved authorized submitted requested created opened assigned managed supervised \
     dictated transcribed interviewed presenters presenter speakers speaker attendees present panel \
     absent apologies chair chairs minutes teilnehmer teilnehmerin anwesend erstellt zustandig \
     unterschrieben presents asistentes partecipanti presenti participantes presentes aanwezig \
     deelnemers uczestnicy obecni narvarande deltagare for pour per voor dla fur livrer facture guests \
     guest players staff crew members signers signatories recipients passengers travelers travellers \
     students patients tenants watchers reviewers approvers assignees owners contacts beneficiaries \
     dependents dependants children parents siblings spouse emergency",
);

/// What a letter ends with, before the name of its writer.
pub(in crate::scan) static CLOSINGS: Lexicon = Lexicon::new(
    "regards sincerely thanks cheers best thx greetings yours truly faithfully cordially warmly \
     cordialement sentiments saludos atentamente cordialmente atenciosamente obrigado obrigada groeten \
     groet saluti hilsen mvh pozdrawiam wishes love you faithful salutations distinguees grusse gruse \
     grussen grusen gruss lg bg mfg vg br hochachtungsvoll stima presto attentamente cumprimentos abraco \
     abracos beijos saludo abrazo abrazos groetjes hartelijk hartelijke powazaniem szacunku uszanowaniem \
     pozdrowieniami halsningar halsning vanligen hilsner hilsener iphone android respect respectfully \
     cordiali distinti cordiais bisous amicalement signed gez signe firmado firmato assinado sincerement",
);

/// Words that belong to no name of a person.
pub(in crate::scan) static NOUNS: Lexicon = Lexicon::new(
    "a run build deploy install setup check checkout create upload download publish lint cache restore configure start stop get add remove delete validate verify notify push pull generate compile package merge tag integration ci cd pipeline steps workflow environment node cluster queue worker cron daemon proxy \
     about access account accounts action address admin administrator advisory agent agreement alert \
     all an analysis analytics and any api app application applications area at authority base benefit \
     benefits billing board building bureau business by care center centre certificate change chart city \
     class client clinic cloud code colleague colleagues college committee company contact contract \
     control corp corporation council country customer customers daily dashboard data database date \
     department dept desk detail details developer development device director directory discharge \
     document documents education email employee employees engineer engineering error event everyone \
     experience facility family feedback file files first form format foundation friday friend friends \
     from full fund general gmbh government group guest guide handbook health hello help here his \
     history home hospital hotel hours human i id ids identifier identity if in inc index info \
     information insights institute insurance international invoice is it item items journey labs last \
     ledger level license life limited line list llc location login ltd madam mail mailbox management \
     manager medical meeting member members message monday monitoring my name names national network new \
     no not note notes notice number numbers of office officer on online only operations order orders \
     organization our outreach overview owner partner partners password patient patients payment \
     payments period phone plan platform please policy pool portal portfolio position privacy process \
     product profile program project property protection provider public purchase quality query record \
     records reference region registry relations release report reports request requests research \
     resource resources result results review rights risk role room safety sales saturday schedule \
     school score search section security segment segments self senior server servers service services \
     session set shift sir site software solutions staff state statement station status store studio \
     success summary sunday support survey system systems table tables tax team teams technology test \
     the there this thursday ticket tickets time to today transaction trial trust tuesday type unit \
     university update updates us usage user username users value values vendor version view visit we \
     website wednesday weekly with world welt monde mundo your you these they he she what when where \
     which who why how yes monthly quarterly annual architect consultant analyst scientist designer \
     specialist assistant coordinator technician executive president vice chief junior principal folks \
     guys ladies gentlemen call ask see send read write open close click dear customerservice recruiter \
     valued hiring damen herren kollegen kunden abteilung nummer numero dato datos views unknown none \
     null bank spa bv plc noreply january february july september october november december credit card \
     debit paypal visa mastercard street avenue road tool tools java linux windows proposal design \
     interface story map maps park river lake chapter part step figure appendix inbox outbox draft sent \
     archive spam main master develop prod production stage staging standard basic pro premium plus \
     logistics traders trading holdings industries enterprises associates consulting ventures media \
     studios bankverbindung konto rechnung datum vorname nachname strasse ort telefon betreff anrede \
     apellidos apellido nombres nachnamen prenoms domicilio gesamt summe menge preis monsieur madame produit total montant pago cliente fecha importe totale \
     importo valor produto bedrag kwota cena belopp pris dob mrn ssn sex gender age born tel fax",
);

/// All words that may introduce a person.
pub(in crate::scan) static CUES: Sieve =
    SURE_CUES.with(&LABELS).with(&HEADINGS).with(&JOINTS).with(&LINKS).with(&SMALL);

/// Those of them behind which one word may be the whole name.
pub(in crate::scan) static SURE_CUES: Sieve = Sieve::NONE.with(&TITLES).with(&GREETINGS).with(&ROLES);
