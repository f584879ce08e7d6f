//! The words by which people are found in prose, and those that belong to no name.

use super::super::words::{Lexicon, Sieve};

pub(in crate::scan) static TITLES: Lexicon = Lexicon::new(
    "mr mrs ms miss mx dr prof professor doctor herr herrn frau fraulein mme mlle monsieur madame \
     mademoiselle sr sra srta don dona senor senora senhor senhora sig signor signora signore dott \
     avv dhr mevr mw meneer mevrouw hr fru pani rev reverend fr capt captain sgt lt hon judge \
     senator m",
);

pub(in crate::scan) static LABELS: Lexicon = Lexicon::new(
    "patient patients customer client employee driver beneficiary name contact attn attention \
     recipient sender payee payer holder cardholder applicant insured subscriber tenant landlord \
     guest passenger student pupil teacher nurse physician prescriber surgeon therapist spouse wife \
     husband son daughter mother father brother sister witness caller resident victim suspect \
     defendant plaintiff claimant candidate borrower guarantor policyholder signatory guardian \
     colleague neighbor neighbour buyer seller donor named cliente paciente paziente empleado \
     empleada funcionario beneficiario titular nome nombre kunde kundin patientin mitarbeiter \
     mitarbeiterin versicherter versicherte kontoinhaber patiente salarie titulaire beneficiaire \
     klant werknemer dipendente kund pasient pacjent pacjentka klient surname attendee assignee \
     addressee member consignee shareholder inmate trainee",
);

pub(in crate::scan) static GREETINGS: Lexicon = Lexicon::new(
    "dear hi hello hey hallo liebe lieber cher chere estimado estimada querido querida caro cara \
     gentile beste geachte kjaere hej bonjour hola ola ciao",
);

/// Words of which each leads to a person behind one of the words of its row.
pub(in crate::scan) static PHRASES: [(Lexicon, Lexicon); 6] = [
    (
        Lexicon::new("with"),
        Lexicon::new(
            "spoke spoken speak speaking met talked talk talking chatted meeting appointment interview \
     conversation married",
        ),
    ),
    (
        Lexicon::new("by"),
        Lexicon::new(
            "signed approved written reviewed submitted prepared requested reported treated seen accompanied \
     witnessed examined raised authored",
        ),
    ),
    (
        Lexicon::new("from"),
        Lexicon::new(
            "call email mail letter message heard voicemail note complaint transfer payment received deposit \
     request",
        ),
    ),
    (
        Lexicon::new("to"),
        Lexicon::new(
            "assigned spoke talked speaking spoken addressed married escalated transfer payment paid payable \
     transferred refunded refund issued delivered shipped reassigned belongs",
        ),
    ),
    (Lexicon::new("is am ist"), Lexicon::new("name i")),
    (
        Lexicon::new("for"),
        Lexicon::new(
            "invoice prescription appointment referral reservation booking booked prescribed refund ticket \
     visa policy caring",
        ),
    ),
];

pub(in crate::scan) static JOINTS: Lexicon = Lexicon::new("and und et y e en og och i or");

/// What people do, and machines and firms hardly.
pub(in crate::scan) static DEEDS: Lexicon =
    Lexicon::new("emailed phoned texted asked replied wrote telephoned complained apologized");
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
     committer organizer participants participant billed von an de para da aan",
);

/// What a letter ends with, before the name of its writer.
pub(in crate::scan) static CLOSINGS: Lexicon = Lexicon::new(
    "regards sincerely thanks cheers best thx greetings yours truly faithfully cordially warmly cordialement \
     sentiments saludos atentamente cordialmente atenciosamente obrigado obrigada groeten groet saluti hilsen \
     mvh pozdrawiam",
);

/// Ends of titles whose other letters are not of ASCII.
pub(in crate::scan) static TAILS: Lexicon = Lexicon::new("ora or orita ulein");

/// Words that belong to no name of a person.
pub(in crate::scan) static NOUNS: Lexicon = Lexicon::new(
    "a about access account accounts action address admin administrator advisory agent agreement \
     alert all an analysis analytics and any api app application applications area at authority base \
     benefit benefits billing board building bureau business by care center centre certificate \
     change chart city class client clinic cloud code colleague colleagues college committee company \
     contact contract control corp corporation council country customer customers daily dashboard \
     data database date department dept desk detail details developer development device director \
     directory discharge document documents education email employee employees engineer engineering \
     error event everyone experience facility family feedback file files first form format \
     foundation friday friend friends from full fund general gmbh government group guest guide \
     handbook health hello help here his history home hospital hotel hours human i id ids identifier \
     identity if in inc index info information insights institute insurance international invoice is \
     it item items journey labs last ledger level license life limited line list llc location login \
     ltd madam mail mailbox management manager medical meeting member members message monday \
     monitoring my name names national network new no not note notes notice number numbers of office \
     officer on online only operations order orders organization our outreach overview owner partner \
     partners password patient patients payment payments period phone plan platform please policy \
     pool portal portfolio position privacy process product profile program project property \
     protection provider public purchase quality query record records reference region registry \
     relations release report reports request requests research resource resources result results \
     review rights risk role room safety sales saturday schedule school score search section \
     security segment segments self senior server servers service services session set shift sir \
     site software solutions staff state statement station status store studio success summary \
     sunday support survey system systems table tables tax team teams technology test the there this \
     thursday ticket tickets time to today transaction trial trust tuesday type unit university \
     update updates us usage user username users value values vendor version view visit we website \
     wednesday weekly with world welt monde mundo your you these they he she what when where which who why how yes \
     monthly quarterly annual architect consultant analyst scientist designer specialist assistant \
     coordinator technician executive president vice chief junior principal folks guys ladies \
     gentlemen call ask see send read write open close click dear customerservice recruiter valued hiring damen herren kollegen kunden abteilung nummer \
     numero dato datos views unknown none null bank gmbh spa bv plc noreply january february july september october \
     november december",
);

/// All words that may introduce a person.
pub(in crate::scan) static CUES: Sieve = Sieve::over(&[
    &TITLES,
    &LABELS,
    &GREETINGS,
    &HEADINGS,
    &JOINTS,
    &TAILS,
    &PHRASES[0].0,
    &PHRASES[1].0,
    &PHRASES[2].0,
    &PHRASES[3].0,
    &PHRASES[4].0,
    &PHRASES[5].0,
]);

/// Those of them behind which one word may be the whole name.
pub(in crate::scan) static SURE_CUES: Sieve = Sieve::over(&[&TITLES, &GREETINGS, &TAILS]);
