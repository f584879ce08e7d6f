//! Given names, and those among them that mean something else as well.
//!
//! Written from what is widely known of names in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, the languages
//! of the north, and of wider use where these are spoken. Lower case, without diacritics.

use super::super::words::Lexicon;

/// Given names that hardly mean anything else.
pub(super) static GIVEN: Lexicon<8192> = Lexicon::new(
    "aage aaliyah aaron abdul abdullah abel abena abigail abraham achim adaeze adam adela adele aditya \
     adriaan adrian adriana adrianna adriano adrien afonso agata agnes agnese agneta agnieszka agus \
     agustin ahmad ahmed ahmet aicha aiden aiko ailsa ailton ainara ainhoa aino aishwarya aitor ake \
     akira akua alain alan alasdair alban albert alberta alberto albin alda aldo alejandra alejandro \
     aleksandra aleksei alena alessandra alessandro alessia alessio alex alexander alexandra alexandre \
     alexandru alexei alexey alexis alfie alfonso alfred alfredo ali alice alicia alicja alina aline \
     alison allen allison alois alphonse alvaro alyssa amalia amanda amandine ambra amelia amina amit \
     amparo amy ana anais anastasia anastazja anatoly anders anderson andre andrea andreas andree \
     andreea andrei andreia andres andressa andrew andrey andries andriy andrzej andy aneta angela \
     angelica angelika angelo angus aniela aniko anil anita anja anjali anke ann anna annalisa annamaria \
     anne anneke anneli annelie anneliese annemarie annemiek annette annick annie annika annikki anouk \
     ante anthony antje antoine antoinette anton antonella antonia antonietta antonina antonio antti anu \
     aoife apolonia araceli archie aria ariane arianna arie arjan arjen arjun arkadiusz arlette armin \
     arnau arnaud arne arnold arthur artur arturo arun arvid asa ase asha ashley ashok asif assunta asta \
     astrid attila attilio aude audrey augusto aurelia aurelie aurelien ava axel axelina ayesha aylin \
     ayse balazs baptiste barbara barbro barend barry bart bartlomiej bartosz bas bastien bautista beata \
     beate beatrice beatriz bence benedetta benedicte benedikt benedita benedito bengt benjamin benno \
     benoit bente berit bernadeta bernadette bernard bernardo bernd bernice berta berthold bertil \
     bertrand beryl bethan bettina betty beverly bilal billy birger birgit birgitta birthe bjorn blanca \
     blanche blanka bob bobby bodil bodo bogdan bogumila boguslaw boguslawa bohdan boleslaw bonnie boris \
     borja borje borys boudewijn bozena bradley branko brayden brenda brendan brent brett brian brianna \
     brigitte britt brittany brock bronislaw bronislawa bronwyn bruce bruna bruno bryan bryce brygida \
     budi burkhard caio caitlin caleb callum calvin cameron camila camille candace candice carina carine \
     carl carla carlo carlos carlota carly carmela carmelo carmine carol carola carole carolien caroline \
     carolyn carrie carsten casper cassandra cassie catalina catarina caterina catharina catherine cathy \
     catia catriona cecil cecile cecilia cecylia cedric cees celia celina celine cem cerys cesar cezary \
     chantal charlene charles cheryl chiara chinedu chioma chloe christa christer christian christiane \
     christie christina christine christophe christopher chukwudi ciara cicero cidalia cindy cintia \
     cinzia ciro claes claire clare clarence clarice claude claudia claudine claudio clelia clemence \
     clemens clement clementine cleofe clifford clint clive clyde colette colleen colton concetta connie \
     connor conny conor constantin constanze coralie corentin corey corinne cormac cornelia cornelis \
     cornelius corrado corrie cosimo costanza courtney crispin cristian cristina csaba curtis cynthia \
     cyprian cyril czeslaw czeslawa daan dafydd dagmar dagmara damian damiano damien daniel daniela \
     daniele danielle danilo danny danuta daphne daria dario darius dariusz darlene darnell darragh \
     darrell darren dave davi david davide dawid deanna debbie debora deborah debra declan deepak \
     deirdre della delores delphine denis denise deniz dennis deolinda derek derrick deshawn desiree \
     detlef devin devon dewi diane didier diederik diego dieter dimitra dimitris dina dinis dino dirk \
     ditte divya dmitri dmitry domenica domenico dominic dominik dominika dominique donald donatella \
     donato donna donnie dora doreen dorien doris dorota dorothea dorothy douglas douwe dragan dragana \
     drake duarte dumitru duncan dustin dwayne dylan earnest ebba eberhard eckhard edda eddie edeltraud \
     edgar edite edith edmilson edmund edna edoardo edson eduarda eduardo edvin edward edwin edyta eero \
     egidio egon eija eileen eilidh einar eirik ekaterina elaine elda eleanor elena eleni eleonora \
     eleonore elettra elfriede elia eliane elias elif elijah elin elina elio elis elisa elisabet \
     elisabete elisabeth elise eliska eliza elizabeth elke ella ellen ellie elly elmer elodie elof \
     eloise elsbeth elsie elvira elzbieta emanuela emanuele emeka emelie emerson emi emil emilia \
     emiliano emilie emilio emily emine emma emmanuel emmett emre enid enrica enrico enrique enzo eoin \
     eric erica erich erik erika erin erminia erna ernesto ernst erwin eryk erzsebet esa esmee espen \
     esra esteban estelle esther eszter ethan ethel etienne ettore euan eugen eugene eugenia eugenie \
     eugenio eugeniusz eunice eva evan evandro evelien evelina evelyn evelyne everett evert everton evie \
     ewa ewan ewelina expedito ezekiel ezequiel ezio ezra fabian fabiana fabien fabienne fabio fabiola \
     fabrice fabrizia facundo fadi faisal falk fanny fatima fatma fausto faye federica federico felicia \
     felicitas felicja feliks felipe femi femke fenna ferdinand ferdinando ferenc fergus fernand \
     fernanda fernande fernando filip filipa filipe filippa filippo finn fiona fiorella flavia flavio \
     flemming florian florin floris floyd folake folke fran franca frances francesca francesco francine \
     francis francisca francisco franciszek franciszka franco francois francoise frans franz franziska \
     freddie frederic frederick frederik fredrik freek freja freya frida frieda friederike friedrich \
     frits fritz fryderyk fulvia fulvio gabi gabor gabriel gabriela gabriele gabriella gabrielle gael \
     gaelle gaetan gaetano galina gareth garrett gary gaston gauthier gavin geertruida geeta geir gemma \
     genevieve gennaro genowefa geoffrey georg george georges georgette georgina gerald geraldine \
     geraldo gerard gerardo gerda gerhard germain germaine german gert gertrud gertruda gertrude \
     gheorghe ghislain ghislaine giacomo giada giancarlo gianfranco gianluca gianna gianni gianpaolo \
     gideon gijs gilbert gilberte gilberto giles gilles gillian gilmar gilson gina ginette ginevra gino \
     gioele giorgia giorgio giorgos giovanna giovanni gisela gisele gitte giulia giuliana giuliano \
     giulio giuseppe giuseppina gladys glenda glenn goncalo gonzalo goran gordon gosta gottfried \
     graciela graham grayson grazia graziella grazyna greetje greg gregor gregorio gregory greta grete \
     grethe griselda gro grzegorz gudrun guglielmo guido guilherme guillaume guillermo gulsen gunborg \
     gunilla gunnar gunnel gunter gunther gunvor guro gustav gustave gustavo gustaw guus gwen gwendolyn \
     gyorgy hailey hakan haley halina hamid hamish hamza hana hanna hannah hanne hanneke hannele \
     hannelore hannes hanno hannu hans harm harold harrie harriet harry hartmut haruka haruto hasan \
     hassan hatice hattie havard hayden hector hedda hedvig hedwig heidemarie heidi heidrun heike heikki \
     heiko heino heinrich heinz heitor helen helena helene helga heli helio helma helmut heloisa hendrik \
     hendrika henk henning henny henri henrietta henriette henrik henrique henry henryk henryka herbert \
     herman hermann hernan herve hilda hilde hildegard hillevi hiroshi hjalmar hjordis holger honorata \
     horacio horst hrvoje hubert hugh hugo huguette huib humberto humphrey huong huseyin hussein huub \
     ian ibrahim idalina ifeoma ignacio ignacy ignazio igor iker ilaria ilkka ilona ilse imani imogen \
     imran ina ines inga ingeborg ingegerd ingemar inger ingo ingrid ingvild inmaculada ioana iolanda \
     iracema irena irene ireneusz irina irma irmgard isaac isabel isabell isabella isabelle isadora \
     isaiah isak isla ismael ismail istvan ivan ivana ivano ivar ivo ivone iwona izabela jaana jaap \
     jacek jacinta jacinthe jacinto jackie jacky jacob jacoba jacobus jacopo jacqueline jacquelyn \
     jacques jadwiga jagoda jaime jair jakob jakub jamal james jana jandira jane janelle janet janice \
     janie janina janine janne janneke jannie jannik janny jantje janusz jaqueline jared jari jaroslav \
     jaroslava jaroslaw jasmijn jasna jason jasper javier jaxon jayden jeanette jeanne jeannie jeff \
     jeffrey jelena jelle jemima jenna jennifer jenny jennylyn jens jeremi jeremiah jeremy jeri jerker \
     jeroen jerome jerri jerry jerzy jesper jesse jessica jet jill jimena jimmy jiri jitka joachim \
     joakim joan joana joanna joanne joao joaquim joaquin jocelyn jochen jodi jodie jody joel joelle \
     johan johann johanna johannes john johnnie johnny joke jolanda jolanta jolien jomar jonah jonas \
     jonathan jonna joost jordi jorg jorge jorgen joris jorunn jos jose josef josefa josefin josefina \
     josefine josep joseph josephine josette joshua josiah josiane josie josien josip josue joyce jozef \
     juan juana juanita judit judite judith judy juha juhani jukka jules julian juliana julie julien \
     juliette julio julita juliusz junior jurgen justin justine justus justyna jutta jytte kaarina \
     kacper kai kaitlyn kaj kajsa kalina kamil kamila kara kare kareem karel karen kari karim karin \
     karina karine karl karla karol karolina karsten karthik kaspar kasper katalin katarina katarzyna \
     kate katerina katharina kathe katherine kathie kathleen kathrin kathryn kathy katie katja katrin \
     kaua kavita kayla kazimiera kazimierz kazuo kees keiko keisha keith kelsey kemal kemi kendra kenji \
     kenneth kenny kent kerry kerstin kevin khadija khalid kiara kieran kilian killian kimberly kinga \
     kirk kirsi kirsten kirsti kjell klaartje klaas klara klaudia klaus kleber knut koen kofi konrad \
     konstantin konstanty korbinian kornel kornelia kostas kristen kristiina kristin kristina kristy \
     krisztina krystal krystian krystyna krzysztof ksenia kurt kwame kwesi kyle ladislav laetitia \
     lakisha lamar lambert lamberto lana landon larissa larry lars lasse laszlo latasha latoya laura \
     laure lauren laurence laurent lauri lauro lawrence layal layla lea leah leandro leena leendert leif \
     leigh leila lene lenka lennart leo leokadia leon leona leonard leonardo leone leonel leonhard \
     leonie leonor leonora leopold lerato leroy leslaw lesley leslie lester leszek leticia letizia levi \
     leyla lia liam lidia lieke lies liesbeth lieselotte liisa lilian liliana liliane lillian lina \
     lindsay lindsey linnea linus lionel lis lisa lisanne lise liselott livia livio ljiljana lodewijk \
     loes loic lola lonnie loredana lorena lorenz lorenzo loretta lori lorna lorraine lothar lotta lotte \
     louis louise louisette lourenco lovis lovisa luana luc luca lucas lucia luciana luciano lucie \
     lucien lucienne lucile lucille lucinda lucio lucja lucjan lucy lucyna ludmila ludovic ludovica \
     ludvig ludwig ludwik ludwika luigi luigia luis luisa luiz lukas lukasz luke lupita lutz luuk luzia \
     lydia lydie lynda lynn lynne maaike maarten maartje mabel mable maciej mackenzie madalena maddalena \
     madeleine madeline mads maeve mafalda magali magdalena maggie magne magnus mahesh mahmoud maike \
     maisa maite majken maksymilian malcolm malgorzata malik malika malin malte malva malwina mandy \
     manfred manoel manoj manon manuel manuela manuele mara marc marcel marcela marceli marcelina \
     marcella marcelle marcello marcelo marcia marcin marcio marco marcos marcus mareike marek maren \
     marga margaret margareta margarete margaretha margarida margarita margaux margherita margie margit \
     margot margret margriet marguerite maria marian mariana mariangela marianna marianne mariano \
     maribel maricel maricela marie marieke marielle marija marije marijke marika mariko marilia marilyn \
     marine mario mariola marion marisa marisol marit marita marius mariusz marja marjan marjatta \
     marjolein marjorie markku marko markus marla marleen marlena marlene marlies marloes marsha marta \
     martha martijn martim martin martina martine martino martyna marvin mary maryann maryline maryse \
     marzena massimo mate matej mateo mateus mateusz matheus mathias mathieu mathijs mathilda mathilde \
     matilda matilde mats matt matteo matthew matthias matthieu matthijs matti mattia mattias mattie \
     matylda maud maureen maurice mauricio maurizio mauro maxime maximilian maximiliano maximo maxine \
     mechthild meena megan mehdi mehmet meike melania melanie melinda melissa melker melvin meredith \
     merel merlin merve mette mhairi mia micaela micah michael michal michalina michel michela \
     michelangelo michele micheline michelle michiel mickael mieczyslaw mieke miep miguel mihaela mihai \
     mikael mikaela mikhail mikkel mikko mikolaj milagros mildred milena millie milosz milou mimmi mindy \
     minna mireille mirela mirella miriam mirjam mirjana mirko miroslav miroslaw miroslawa mirta moa \
     moacir mogens mohamed mohammed moises molly monica monika monique montserrat morag morgane moritz \
     morten moses murat muriel mustafa myfanwy mykola myra myriam myrthe myrtle nabil nacho nadege \
     nadezhda nadia nadine nadja nair naledi nancy naoki naomi natalia natalie natasha natasja nathalia \
     nathalie nathan nathanael nathaniel neha neil nele nelleke nellie nelly nenad nestor neusa nevaeh \
     ngoc ngozi nguyen niall niamh nicholas nick nico nicola nicolae nicolas nicole nicoletta nicolo \
     niels nienke nigel nikhil niklas nikodem nikola nikolai nikolaj nikos nils nilson nilton nino nisha \
     nivea nives noah noel noelia noemi noemia noemie nomvula norbert norberto noreen norman nuno nunzia \
     nuria nynke oceane octave octavio odair odete odette odile oisin oksana olaf oleg oleksandr olgierd \
     oliver olivia olivier oliwia oliwier olle olof oluwaseun omer ondrej onno ophelie orazio oreste \
     orietta oriol orla orlando ornella orville oskar osman osmar osten osvaldo oswald otavio otis \
     ottavia otto otylia outi owen oystein oyvind pablo paco padraig paivi palmira paloma pam pamela \
     panagiotis paola paolo pascal pascale pasquale patricia patricio patrick patrik patrizia patrizio \
     patrycja patryk patsy patti patty pau paul paula paulette paulina pauline paulo pavel pawel pedro \
     peggy pekka pelagia penelope pepe percy pernille perrine peter petr petra petronella petrus philip \
     philipp philippa philippe phyllis pia piera pierina pierluigi piero pierre pierrette pierrick piers \
     piet pieter pietro pina piotr pippa pirjo polina pontus pooja poul pradeep preben priscila \
     priscilla priya przemyslaw purificacion putri quentin quirin rachael rachel rachele rachid radha \
     radoslaw rafael rafal raffaele raffaella ragnar ragnhild rahman rahul raimondo raimundo rainer raj \
     rajesh ralf ralph raluca ramesh ramiro ramon ramona randi randy rania raphael raquel rashad rasmus \
     raul ravi raymond raymonde rebeca rebecca rebecka reece reggie reginald reginaldo regine regis \
     reinaldo reiner reinhard reinier reka rekha remco remi remigiusz remy rena renata renate renato \
     rene renee renzo reynaldo rhea rhiannon rhonda rhys ricardo riccardo richard rick rickard ricky \
     rigoberto riitta rik rikard rikke rinus rita ritu rizal robert roberta roberto robson rochelle \
     rocio rodney rodolfo rodolphe rodrigo roel roelof rogelio roger rogerio rohit roisin roksana roland \
     rolando rolf romain romane romario romina romy ronald ronaldo ronja ronnie ronny rosalba rosalia \
     rosalie rosana rosangela rosanna rosaria roseli rosella rosemarie rosemary rosetta rosie rosina \
     rossana rossella roswitha roxana roxane roxanne roy roza rozalia ruben rudiger rudolf ruggero rui \
     rune rupert ruslan russell rut rutger ruth ruud ryan ryszard sabina sabine sabrina sadie sakura \
     salete sally salman salome salvatore samanta samantha samara sami samir samira samuel samuele \
     sander sandor sandra sandrine sandro sanjay sanne sarah sari sascha saskia satoshi satu saul \
     saverio scarlett scott seamus sean sebastiao sebastien selena selin selma sepp seppo serge sergei \
     sergey sergio severin seweryn shane shaniqua shannon shari sharon shawna sheila shelby sheri sherri \
     sherry shirley shreya sian siddharth siegfried sieglinde sigge signe sigrid sigrun sigvard silas \
     silje silke silvana silvano silvia silvio simao simon simona simone sindre sinead siobhan sipho \
     siri sirpa sissel siti sixten sjoerd slawomir slobodan sneha snezana sofia sofie solange solene \
     solomon solveig somchai sondre sonia sonja sonya sophia sophie soren stacey stacy stanislaw \
     stanislawa stanley stefan stefania stefanie stefano steffen stephan stephane stephanie stephen \
     steve steven stian stijn stina stuart sue sueli sune sunil sunita suresh susan susana susanna \
     susanne susie suzanne suze suzette suzy svein sven svend svenja svetlana swantje swati swen sybille \
     sylvain sylvia sylviane sylvie sylwia szczepan szymon tabitha tadeusz tage taina takashi tamara \
     tamas tammy tanguy tania tanja tanner tanya tapio taras tarek tariq tasha tatiana ted teemu tekla \
     telma teodoro terence teresa terese tereza terezinha teri terje terrell terri tessa teun thabo thea \
     thelma themba theo theodore theresa therese thiago thibault thibaut thierry thijs thomas thorsten \
     tiago tiina tijn tilda tilde till timo timothee timothy tina tindra tineke tinie tiziana tiziano \
     tobias toby tomas tomasz tomislav tommaso tommy toni tony tonya toos torbjorn torill torsten tosca \
     tove tracey tracy traudl trent trevor tricia trijntje trisha tristan troels trond trudy truus tuan \
     tullia tunde tuomas ture turid tuulikki tuva tyler tymon tymoteusz tyra tyrell tyrone udo ugo ulf \
     ulises ulla ulrich ulrika ulrike ulysse umberto unni urs ursula urszula usha ute uwe vaclav vadim \
     valdir valentin valentina valentine valentino valeria valerie valerio valter vanesa vanessa vanja \
     varun vasco vasile vasilis vegard veit velma vendela verena verna verner veronica veronika \
     veronique vesna vibeke vicente vicki vicky vidar vijay vikram viktor viktoria vilhelm ville vilma \
     vincent vincenza vincenzo vinicius violetta virginie vito vitor vittoria vittorio viveka vivian \
     viviana viviane vladimir vojtech volker volodymyr vyacheslav waclaw wagner wahyu waldemar walenty \
     walid wallace walter waltraud waltraut wanda wayne wenche wendy werner weronika wesley whitney \
     wiebke wieslaw wieslawa wietske wiktor wiktoria wilbur wilfredo wilfried wilhelm wilhelmina \
     wilhelmine willem willemijn william willie willy wilma wim wincenty winfried winifred wioletta \
     witold wladyslaw wladyslawa wlodzimierz wojciech wolfgang wolfram wouter xaver xavier ximena \
     xiomara yadira yago yanira yann yannick yannis yara yasemin yasmin yasmine yelena yesenia ylva \
     yngve yoko yolanda yousef youssef yuki yulia yuri yusuf yves yvette yvon yvonne zachariah zachary \
     zaida zainab zanele zbigniew zdenek zdenka zdzislaw zdzislawa zelia zenon zeynep ziad zineb zoe \
     zoey zofia zoltan zoran zsolt zsuzsanna zulmira zuzanna zvonimir zygmunt",
);

/// Given names that are words, places, months or products too: a known family name must stand behind.
pub(super) static SHARED: Lexicon = Lexicon::new(
    "abdel ad alba alexandria alma alva ama amber amos angel aparecida asher aud august aurora austin \
     ben bianca bo bram branca brandon brooke camilla carmen carolina carter celeste chad charlie \
     charlotte chelsea chen clara colin conceicao concepcion consuelo cooper crystal dag daisy dan dawn \
     destiny diana disa dolores domingo don dulce dung easton ebony ed eko els elsa else encarnacion \
     ernest esperanza ester eve fang felice felix fern fleur floor flora florence fortunata france frank \
     gaia gail ganesh gerd gerrit ginger gioia gloria graca grace guadalupe gun guy hala hao harald \
     harper hazel heather hope hui hung hunter ida iga inge ion iris isa israel italia ivy jack jackson \
     jade jan jasmine jean jefferson jesus jim jing jo joe jordan joy julia juliet jun june kay kelly \
     ken kim kiran krishna lage lakshmi lan lance lara lata lech lei lena li lily lincoln linda line \
     ling linh liv logan lone lourdes luka luz madison mai maj maja mar marina mark mason max mees mei \
     melody mercedes mike mila milan miles milton ming minh minnie miranda misty mona morgan na nel \
     nelson nieves nina noa noor nora norma nur odd ola ole olga olive omar opal oscar ove paige parker \
     pat pearl per phoebe pilar pim poppy preston radu rami regina rein remedios ria riet rob robin \
     rocco roman romano ron roos rosa rosario rose ruby rufus saga said salma salvador sam sandy santa \
     santiago sara savannah sebastian sem serena sierra sita siv soledad spencer sri stella sterre stig \
     sture svea taylor tea tess thu tiffany tim tom tone tor tore travis trine trinidad troy vera victor \
     victoria viola violet virginia vitoria washington wei wellington wilson wit wolf xiao xin yan yaw \
     yu zelda",
);
