//! Family names.
//!
//! Written from what is widely known of names in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, the languages
//! of the north, and of wider use where these are spoken. Lower case, without diacritics.

use super::super::words::Lexicon;

/// Family names, the most frequent of each country.
pub(super) static FAMILY: Lexicon<8192> = Lexicon::new(
    "lee brown scott young aalst aas aasen abbott abdi abe aberg abreu abubakar acosta adam adamczyk adams adebayo adeyemi \
     adkins adler aerts agarwal agostini aguiar aguilar aguirre ahmed ahn ahrens aiello akerlund akesson \
     alarcon albanese alberts albrecht alencar alexander alfaro ali allegri allen allison almeida alonso \
     altmann alvarado alvarez alves amado amadori amaral amato amaya ammann amorim amundsen andersen \
     anderson andersson andrade andre andreassen andresen andrews andrzejczak antonelli antonsen antunes \
     appiah aranda araujo arce arellano arena arends arias armstrong arnaud arnesen arnold arora arroyo \
     arslan arvidsson asante ashworth aslan assis assuncao astrom atkins atkinson aubert aubry auer \
     austin avila axelsson ayala aydin azevedo babic bacher bachmann baert bailey bak baker bakke bakken \
     bakker baldi baldini baldwin balestra ball ballard balogh balogun banas banerjee banks baptista \
     baran barbato barber barbier barbieri barbosa barker barlow barnes barnett baron barone barre \
     barrera barrett barrios barros barth bartlett barton bartsch basile bass bassi bastos bates batista \
     battaglia bauer baum baumann baumgartner baxter bayer beaulieu beaumont becerra beck becker \
     bednarek beek behrens belanger bellini bellucci beltran bender benedetti benes bengtsson benitez \
     bennett benoit benson bentley bento benvenuti benz berends berg berge berger bergeron berglund \
     bergman bergmann bergqvist bergstrom bermudez bernal bernard bernardi bernstein berntsen berry \
     berti bertolini bertrand besson bettini beyer bezerra bhatia bianchi bianchini bianco bielecki \
     biemans binder biondi birch birkeland bishop biton bittencourt bjork bjorklund black blackburn \
     blair blake blanc blanchard blanco blaszczyk blom blomqvist boateng bock bode boer boersma bogaert \
     bohm bolduc bolton bondarenko bongers bonnet boom boone booth borges borkowski bos bosch bosco bose \
     boselli bosman botha bottcher bouchard boucher bourgeois bouvier bouwman bowen bowers bowman boyd \
     boyer boyko bradford bradley bradshaw brady braga brambilla brand brandao brandt braun bravo \
     brennan breton brewer bridges briggs brink brinkmann brito brock broek brooks brouwer browne bruin \
     brun brunet bruni brunner bruno bruns bryan bryant brzezinski buchanan buchholz bueno buhler bui \
     bull burgess burke burkhardt burns burrows burton busch bush bustamante bustos butler butterworth \
     byrd byrne caballero cabello cabral cabrera caceres caetano cai cain caldeira calderon caldwell \
     calvo camacho camargo cameron camoes campbell campos cannon cano cappelli caprioli caputo carbone \
     cardenas cardoso carli carlson carmona carneiro caron carpenter carpentier carr carrasco carre \
     carrillo carroll carson carstens carter cartwright caruso carvajal carvalho casadei casali casey \
     castaneda castelli castillo castonguay castro catalano cattaneo cavalcanti cavalli ceballos cebula \
     ceccarelli cecchini celik cerny cervantes cetin chadwick chambers chandler chang chapman charles \
     charpentier chatterjee chaudhry chauhan chaves chavez chen chevalier chmielewski cho choi chopra \
     christensen christiansen cichy cieslak ciobanu cirillo cisneros claes claesson clark clarke clayton \
     clement clements cloutier coates cobb coelho cohen colas cole coleman colin collet collier collins \
     colombo colon colonna conner connolly conrad constantin conte conti contreras cooke cools cooper \
     copeland coppola cordero cordier cordoba cormier cornelissen coronado correa correia corsi cortes \
     cortez cosentino costa costantini cote cousin couto cox cozzi craig crawford crespo crispim \
     cristiani crosby cross crossley cruz cuesta cullen cummings cunha cunningham curry curtis cygan \
     czarnecki dabrowski dahan dahl dahlberg dahlstrom dalton dam damasceno damen damico dang dangelo \
     daniel daniels danielsen danielsson das davey david davidson davies davila davis dawson day dean \
     deangelis decker declercq degroote dekker delacroix delgado delmas delorme demir dempsey deng denis \
     dennis derosa desai desantis descamps deschamps deshpande desimone desjardins deslandes desmet \
     devaux dhillon dhondt dias diaz dickinson dietrich dietz diez dijk dijkman dijkstra dijoux \
     dimitriou diniz dixon dlamini dobson dogan domagala domingues dominguez donati dong donnelly \
     donofrio donovan dordevic doring douglas doyle drake dreyer driessen drost duarte dubois duda dudek \
     duffy dufour dumas dumitru dumont duncan dunn duong dupont dupuis dupuy duran durand dutra duval \
     dvorak dyer eaton ebert ebner eccles eckert eder edlund edvardsen edwards egger ehlers eichhorn \
     eide ekberg eklund ekman ekstrom eliassen eliasson ellingsen elliott ellis engel engelhardt \
     engstrom erickson eriksen eriksson ernst escobar espinosa espinoza esposito esser esteban esteves \
     estevez estrada evans evensen evers eze fabbri fabre falcao falcone falk fanelli farah faria farias \
     farina farkas farmer farrell faure fava fekete feng ferguson fernandes fernandez ferrand ferrante \
     ferrara ferrari ferraro ferreira ferrer ferretti ferri ferry fiala fiedler field fields figueiredo \
     figueroa filipek filippi finch fink finnegan fiore fiorini fischer fisher fitzgerald flanagan \
     fleming fletcher fleury flores flowers floyd flynn fonseca fontaine fontana forestier fors forsberg \
     forster forsyth forte fortin foster fournier fowler fox franchi francis franco francois frandsen \
     frank franke franklin fransson fraser frazier fredriksen fredriksson freeman frei freitas french \
     frenzel frey friberg friedman friedrich fritz frohlich fuchs fuentes fujita fuller furtado fusco \
     gagliardi gagnon gaillard gajewski galasso gall gallagher gallardo gallego galli gallo galvez gama \
     gambino gamboa gao garcia gardner garland garner garnier garofalo garrett garrido garza gaspar \
     gasparini gatti gauthier gautier gawron gebhardt geerts geiger geisler gennaro gentile george \
     georgiou gerard gerber gerlach germain gerrits gerritsen gheorghe ghirardi ghosh giannini gibbs \
     gibson gil gilbert gill gilmore gimenez giordano giorgi girard giraud giuliani glover glowacki \
     gobel godinho godoy golab goldberg golebiowski gomes gomez goncalves gonzales gonzalez goodman \
     goodwin goossens gordon gorski gosselin gotz gould govender graaf grabowski graf graham gran \
     granberg grandi grassi grasso graves gray greco greenberg greene greenwood greer gregory grewal \
     griffin griffith grondin gronlund groot gross gruber grzelak guerin guerra guerreiro guerrero \
     guevara guidi guillaume guillot guimaraes gulbrandsen gundersen gunnarsson gunther guo gupta \
     gustafsson gutierrez guyot guzman haan haas haddad hagen hagstrom hahn haider hajek hakansson hale \
     hall hallberg halvorsen hamalainen hamann hamel hamilton hammer hammond hampton han hancock hansen \
     hanson hanssen hansson hardy hargreaves harmon harms harper harrington harris harrison hart hartley \
     hartmann harvey hasegawa hashimoto hassan haug hauge haugen haugland hawkins haworth hayashi hayes \
     haynes heath hebert hedberg hedlund hedman hedstrom heikkila heikkinen heinonen heinrich heinze \
     heller hellstrom hellwig henderson hendrickx hendriks henning henriksen henriksson henriques henry \
     hentschel heredia herman hermann hermans hermansson hernandez herrera herrero herrmann herve hess \
     heuer heuvel hewitt hidalgo higgins hildebrandt hilton hines hinz hirsch hoang hoarau hobbs hodges \
     hodgson hoek hoekstra hofer hoffman hoffmann hofman hofmann hogan hogberg hoglund holland hollander \
     hollis holloway holm holmberg holmes holmgren holmqvist holmstrom holt hong hoogendoorn hoogland \
     hooper hopkins hoppe horak horn horne horton horvat horvath houston hout howard howarth howell hsu \
     huang hubbard huber hubert hubner hudson huet huff hughes huisman hulst humphries hurst hurtado \
     hussain hutchinson huynh hwang ibanez ibrahim iglesias ikeda ilic imbert ingram inoue ionescu iqbal \
     irving isaksen isaksson ishikawa ito ivanov ivanova iversen iyer jablonski jackson jacob jacobs \
     jacobsen jacques jacquet jager jahn jain jakobsen jakobsson jakubowski jang janik jankowski jansen \
     jansens janssen jansson jaramillo jardim jarosz jarvinen jarvis jasinski jaworski jean jefferson \
     jeffries jelinek jenkins jennings jensen jeppesen jiang jimenez johannessen johansen johansson \
     johnsen johnson johnston jokinen joly jonasson jones jong jonge jonker jonsson jordan jorgensen \
     josefsson joseph joshi jovanovic juarez juhasz julien jung junqueira juric kaczmarczyk kaczmarek \
     kaiser kalin kalinowski kallstrom kaminski kamphuis kang kania kaplan kapoor karjalainen karlsen \
     karlsson kato katz kaufmann kaur kaya kazmierczak kearney keller kelley kelly kennedy kern kerr \
     kessler khan khoury khumalo kilic kim kimura kinnunen kirby kirchner kirsch kiss kjellberg klaus \
     klaver klein klimek kloosterman klos kluge knezevic knight knoll knudsen knutsen kobayashi koch \
     kohl kohler kok kolb kolodziej konieczny konig koning konrad kool korhonen kortmann kos kosinski \
     koskinen koster kot kovacevic kovacic kovacs kovalchuk kovalenko kowalczyk kowalski kozak koziol \
     kozlov kozlowski krajewski kral kramer kraus krause kravchenko krawczyk kremer kretschmer krishnan \
     kristensen kristiansen kristoffersen kroger krol kroon kruger kubiak kucera kucharski kuhn kuijpers \
     kuiper kuipers kujawa kula kulesza kulkarni kumar kunz kunze kurek kuznetsov kuznetsova kwiatkowski \
     kwon labbe lacerda lachance lackner lacombe lacroix lagarde laine laitinen lakatos lamb lambert \
     lammers lamy lancaster landi lane lang lange langlois lantz lanza lapointe lara larsen larson \
     larsson laskowski laurent laursen lavoie lawrence lawson leach leal lebedev leblanc lebreton lebrun \
     lechner leclerc leclercq lecomte lee leeuw leeuwen lefebvre lefevre legrand lehmann lehtinen \
     lehtonen leitao leite leitner leiva lejeune lemaire lemay lemmens lemoine lenz leon leonard leone \
     leoni leroux leroy lessard levesque levy lewandowski lewis liang lie lien lilja lim lima lin lind \
     lindberg lindblom linden lindgren lindholm lindner lindqvist lindsey lindstrom lis lister little \
     liu ljung ljungberg lloyd locatelli lof lofgren logan lomax lombardi lombardo longo loon lopes \
     lopez lorenz lorenzen lorenzo louis lourenco love lovgren lowe lozano luca lucas luczak ludwig lugo \
     luna lund lundberg lunde lundgren lundin lundmark lundqvist lundstrom luo lupo luque luscher lutz \
     lynch lyons maas macdonald macedo machado macias maciejewski maciel mack mackay mackenzie maclean \
     macleod madsen maes magalhaes maggi magnani magnusson maguire maia maier maillard majcher majewski \
     makela makinen makowski maldonado malheiro malhotra malik malinowski mallet malm malmberg malone \
     mancini manfredi mann manning mansour mantovani manzano marchal marchand marchese marchetti marchi \
     marciniak marconi marcos marechal marek mariani maric marie marin marini marino markovic marques \
     marquez marsden marsh marshall martel martens martensson marti martin martinelli martinez martini \
     martino martins martinsen martinsson marty marx mascarenhas mason massey masson matei mathieu \
     mathis mathisen matos matsumoto matthews mattila mattsson matusiak mauri maxwell may mayer mazur \
     mazurek mazza mazzoni mbeki mcallister mcarthur mcbride mccabe mccall mccann mccarthy mcconnell \
     mccormick mccoy mcculloch mcdaniel mcdermott mcdonald mcewan mcfarlane mcgee mcgowan mcgrath \
     mcgregor mcguire mcintosh mcintyre mckay mckenna mckenzie mckinney mckinnon mclaughlin mclean \
     mcleod mcmahon mcmillan mcnamara mcneil mcphee mcqueen mcrae mctavish medeiros medina meer mehta \
     meier meijer mejia melin melis melo meloni menard mendes mendez mendoza menon mensah menzel mercier \
     merkel merlo mertens merwe mesquita messina meszaros metzger meulen meunier meyer michalak \
     michalski michel michiels middleton miele mikkelsen mikolajczyk milani miles miller millet mills \
     milner milosevic miranda mishra mitchell mizrahi moberg moe moen mohammed mohr mokoena mol molenaar \
     molin molina molinari molinero moller molnar moloney monaco monnier montanari monteiro montenegro \
     montero montes montgomery monti montoya moody mooney moore mora moraes morais morales moran morandi \
     moreau moreira morel morelli moreno moretti morgan mori moriarty morin moritz moro morozov morra \
     morris morrison mortensen mortimer morton moser mosquera moss mota motta moulin moura moya mroz \
     mukherjee mulder muller mulligan mullins muniz munoz murphy murray musial myers myhre myklebust \
     naess nagel nagy naidoo nair nakamura nardi narvaez nascimento nash nasser natale naumann navarro \
     nawrocki neal negri nelson nemec nemeth neri neubauer neumann neves neveu newman newton ngo nguyen \
     nichols nickel nicolas nielsen niemi niemiec nieminen nieto nieuwenhuis nijland nikolaidis nikolic \
     nilsen nilsson nkosi noel nogueira nolan norberg nordin nordstrom noren norling norman norris \
     norton novaes novais novak novelli novikov novotny nowak nowakowski nowicki nunes nunez nussbaumer \
     nwosu nyberg nygard nyman nystrom oakley oberg obrien ochoa oconnell oconnor odegard odonnell ogawa \
     ogrady ohara ohman okada okafor okeefe okonkwo okoro olah oleary olejnik olesen oliva olivares \
     oliveira oliver oliveri olivier olivieri olmedo olofsson olsen olson olsson olszewski oneill \
     oosterhuis opitz ordonez orlando orourke orozco orsini ortega ortiz osborne osei oshea osman osorio \
     ostlund ostrowski osullivan otero otto ouellet owen owens owusu ozdemir ozturk pace pacheco padilla \
     pagani pagano page paiva pajak palacios palm palma palmer palmgren palmieri palsson palumbo pan \
     pandey papa papadakis papadopoulos pape papp pardo paredes parent paris parisi park parkinson parks \
     parra parsons pascal pascual pastor patel patil patricio patrick patterson patton paul paulsen \
     pauwels pavan pavlovic pawlak pawlowski payet payne paz pearce pearson pedersen peeters peixoto \
     pellegrini pellegrino pelletier peltier pena peng pereira peretz perez perini perkins peron perotti \
     perrin perrone perrot perry persson pestana peters petersen peterson petit petrov petrova petrovic \
     pettersen pettersson pfeifer pfeiffer pham phan phelps philippe phillips piazza picard pichler \
     pichon pickering pierce pierre pieters pietras pietrzak pillai pillay pimenta pimentel pineau pini \
     pinna pinto piotrowski piras pires pittman pizarro pohl poirier pokorny polak poli pollard ponce \
     pons pool poole poot popa pope popescu popov popova porter porto pospisil postma potter poulain \
     poulin poulsen powell powers pozzi prado pratt prescott preston pretorius preuss prevost prieto \
     prins pritchard probst prochazka proietti pronk pugliese queiros queiroz quigley quinn quintana \
     quintero quiroga qureshi raab racz radu rafferty rahman raimondi ramachandran ramirez ramos ramsey \
     randazzo rangel ranieri rantanen rao rasmussen ratajczak rau raymond reddy redmond redondo reed \
     reese reeves regan rego reich reid reijnders reimann reimer reina reinhardt reis reiter remy renard \
     renaud renault renner restrepo reuter rey reyes reynaud reynolds rezende rhodes ribeiro ricci rice \
     richard richards richardson richter riedel rieger rietveld rigby riley rinaldi rincon rios ritter \
     riva rivas rivera rivero riviere rizzi rizzo robbins roberson robert roberts robertson robin \
     robinson robledo robles roca rocha roche roder rodgers rodrigo rodrigues rodriguez roelofs roger \
     rogers rogowski rohde rojas roldan rolland roman romano romanowski romeo romer romero ronning \
     rooney roos rosales rosario rose rosen rosenberg rosler ross rossetti rossi rossignol rota roth \
     rousseau roussel rousset roux rowe rowland rowley roy royer rubin rubio rudolph rueda ruegg ruf \
     ruffini ruggiero ruiz runge russell russo rutkowski ruud ruzicka ryan rydberg ryu saarinen saavedra \
     sabatier sacchi sadler sadowski saether saez sahin sahlin said sala salas salazar salcedo saldana \
     saleh salerno sales salgado salinas salminen salmon salo salonen salvi samaniego sampaio samson \
     samuelsson sanchez sandberg sander sanders sandoval sandstrom sandvik sanguineti sanna santamaria \
     santana santiago santini santoro santos sanz saraiva sartor sartori sasaki sato sauer saunders \
     sauter sauvage savini savolainen sawicki scanlon schade schaefer schafer scharer schenk scherer \
     schiavone schilling schipper schlegel schluter schmid schmidt schmitt schmitz schneider scholten \
     scholz schouten schramm schreiber schroder schroter schubert schulte schultz schulz schulze \
     schumacher schuster schutz schutze schwab schwaiger schwartz schwarz schwarzenbach scotti seabra \
     sedlacek seguin seidel seifert sen seo sepulveda sequeira serra serrano sethi severo sevilla \
     seymour shah shapiro sharma sharp shaw shelton sheridan sherman shevchenko shimizu shin siddiqui \
     sidhu sidorov siebert sierra sikkema sikora sikorski silva silverman silvestri simao simmons simoes \
     simon simonsen simpson sims sinclair singer singh singleton siqueira sivertsen siwek sjoberg \
     sjogren sjostrom skiba skog skoglund skowron slater sliwa sloan slowik sluis smirnov smirnova smit \
     smith smits smythe snyder soares sobczak soderberg soderlund soderstrom soeiro sokolov sokolowski \
     solano solberg soler solheim solis sommer song sorensen soria sorrentino sosa soto sousa souto \
     souza sowa spaan sparks spencer spinelli springer stachowiak stadler stafford stahl stalder stam \
     stan stankovic stanley stanton stasiak steele steffen stein steinbach steiner stella stenberg \
     stenstrom stephan stephens stephenson stepien stern stevens stevenson stewart stoica stojanovic \
     stokes stolz stone strand strandberg straub strauss strickland strobl strom stromberg stubbs studer \
     suarez subramanian sullivan summers sumner sun sundberg sundin sundqvist sundstrom suter sutherland \
     sutton suzuki svahn svard svendsen svensson svoboda swamy swanson swiatek swift swinkels sykes \
     szabo szczepaniak szczepanski szewczyk szilagyi szulc szwed szymanski takacs takahashi talbot \
     tanaka tang tangen tanguy tapia tate tavares tavora taylor tedesco teixeira tejada tellez terpstra \
     terry tessier testa texier thakur thibault thiel thiele thomas thompson thomsen thoren thorne \
     thornton thorpe thorsen tian tierney timmerman timmermans tiwari tkachenko tkacz todd tokarski \
     toledo tomaszewski tomlinson tornqvist torres tosi toth toussaint tovar townsend tran trejo \
     tremblay trevisan trindade trueman trujillo tsai tucker tuinstra tully tuominen turco turek \
     turnbull turner turunen tyler tyson tyszka ugarte ulrich underwood unger urban urbaniak urbanski \
     uribe urrutia vaillant valdes valdez valencia valente valenti valentin valentini valenzuela valle \
     vallet vandamme vandenberghe vandenbroeck vanhoutte varela varga vargas vasquez vasseur vaughan \
     vaughn vaz vazquez veen veenstra vega veiga velasco velazquez veldman velez veloso ven venkatesh \
     venter ventura venturi venturini vera verbeek verbruggen verdier vergara verger verhagen verhoeven \
     verma vermeulen verschuren verstraete vesely viana vicente vickers vidal vieira vik viklund vilar \
     vilela villa villalba villanueva villegas vincent vink viola virtanen visconti visser vitale vitali \
     vliet vogel vogt voigt volkov volkova volpe vos voss vries vukovic wachter wade wagner wahlstrom \
     wainwright wakefield wal walczak walden walker wallace wallen wallin walsh walter walters walther \
     walton wang warburton ward warner warren wasilewski watanabe waterhouse waters watkins watson watts \
     wawrzyniak weaver webb weber webster wegner wegrzyn wei weidner weigel weinstein weiss welch wells \
     wendt wenzel werner wessels west wester westerberg westerlund westman weston wheeler whelan \
     whitaker whitehead whitehouse whittaker wieczorek wiedemann wiegand wiersma wierzbicki wiese wijnen \
     wiklund wikstrom wilcox wild wilk wilke wilkerson wilkins wilkinson will willems williams \
     williamson willis willoughby wilson wimmer winkel winkelmann winkler winter wise wisniewski wit \
     witkowski witt witte wittmann wlodarczyk wojciechowski wojcik wolf wolfe wolff wolski wolters wong \
     woodward worthington wouters wozniak wright wrobel wroblewski wulf wunderlich wyatt wysocki wyss \
     xavier xiao xie yadav yamada yamaguchi yamamoto yamazaki yanez yang yates yeates yeh yildirim \
     yildiz yilmaz yoon yoshida yuan zajac zak zakrzewski zalewski zambrano zamora zande zander zanella \
     zanetti zanini zanoni zapata zappa zaugg zavala zawadzki zbinden zeller zeng zhang zhao zheng zhou \
     zhu ziegelmeier ziegler zielinski zimmer zimmerman zimmermann ziolkowski zito zuk zuniga zurcher \
     zurek zwart zych",
);
