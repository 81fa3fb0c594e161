"""Given names and surnames that are common along the border, so that a name in small letters is known for one.

Written without accents, as `fold` leaves them. No list is complete: it only has to tell "soy maria" from "soy mexicana".
After "me llamo" and "my name is" whatever follows is a name.
"""

_GIVEN = """
aaliyah aaron abel abigail abner abraham ada adan adela adelina adolfo adrian adriana agustin aida akeem alan alba
albert alberto aldo alejandra alejandro alex alexa alexander alexandra alexis alfonso alfredo alicia allan alma alonso
alonzo alvaro amalia amanda ambrosio amelia amy ana anabel anastasia andrea andres andrew andy angel angela angelica
angelina angie anita anna anne anthony antonia antonio antony araceli ariana ariel armando arnulfo arturo ashley ashly
astrid aura aurelio aurora axel baptiste barbara bartolo beatriz benito benjamin berenice bernarda bernardo bertha
betito beto betty beverly bianca blanca boris brandon brayam brayan brenda brian brigida britany brittany bryan bryant
byron camila candelaria candida carina carla carlos carlton carmela carmelo carmen caro carol carolina cata catalina
catarina caty cecilia cecilio cedric celeste celia cesar charles chayo chela chelo chepe chepito cheryl cindy citlali
clara clarence claribel claudette claudia clemente cleotilde clifford clive concepcion concha conchi conchita
constantino consuelo corina courtney cristian cristina cristobal cynthia cyril dagoberto dairon daisy dale dalia
damaris damian dani daniel daniela danilo dany dariela darrell darren darwin david dayana dean deborah debra delia
delmy delroy denis denise dennis denroy derrick desmond destiny devin devon dexter diana diego dina dionisio dolores
domingo donald dora doreen doris dorothy douglas duane dulce dunia dwayne earl eddie eddy edgar edith edmundo eduardo
edward edwin efrain elba eldon elena eleuterio elias elida elisa eliseo elizabeth ella ellen elmer eloisa elroy elsa
elston elvia elvin elvira emanuel emelina emely emerson emilia emiliano emilio emily emma emmanuel enrique eric erica
erick ericka erika ermelinda ernest ernesto errick errol esmeralda esmie esperanza esteban estela estelita estephanie
esther estiven ethan ethel eugene eugenia eugenio eulalia eunice eusebio eva evan evelin evelyn everald ezequiel
fabian fabiola fanny fany fatima faustino federico felicia feliciano felicita felipe felix fer fermin fernanda
fernandita fernando fidel fidelina filomena flor flora florencio florentino florinda floyd frances francine francis
francisca francisco franklin frantz freddy fredy fritz froilan gabi gabriel gabriela gaby gareth garfield gary gaspar
genaro genesis george georgina geovany gerald gerardo german gerson gilbert gilberto gilda gilma giovanni gisela
gladis gladys glenda glenford glenroy gloria gonzalo gordon graciela gregoria gregorio griselda guadalupe guerline
guillermina guillermo gustavo harold hazel hector heidi helen henry herbert heriberto herlinda hermelinda herminia
hernan heydi hilario hilberto hilda horace howard hubert hugo humberto ian idalia ignacio ilda ileana imelda ines
ingrid irene iris irma irvin isaac isabel isaias isela ismael israel itzel ivan ivania iveth ivette ivon ixchel
jacinta jack jackeline jacob jacqueline jahlil jahmal jaime jairo jamal james jamie janet janice jaqueline jared
jasmin jasmine jason javier jazmin jean jeanette jefferson jeffrey jeison jenifer jennifer jenny jeremias jermaine
jerome jeronimo jerry jessica jesus jevon jhon jhonatan jhony jimena jimmy jissel joan joana joanne joaquin jocelyn
joel johan johana johanna john johnny jonas jonathan jonny jony jordan jorge jose josefa josefina joselin joseline
joseph joshua josue joyce juan juana juanita jude judith judy julia julian juliana julieta julio julissa junior justin
justo kadeem kareem karen karina karl karla karol katerin katherine kathy katia keila keisha keith kelly kelvin kendra
kendrick kenia kenneth kenny kent keron kerry kevin keyla kiara kimani kimberlin kimberly kurt kyle latoya laura
lauren lawrence lazaro leandro leidis leidy leo leon leonardo leonel leonor leonora leopoldo leroy lesbia leslie lesly
lester leticia lety leyla liam lidia ligia lilia lilian liliana lina lincoln linda lisa lisandra lisandro lizbeth
lizeth lizzy lloyd logan loida lois lorena lorenzo lorna louis lourdes lucas lucero lucia luciana luciano lucila
lucille lucrecia luis luisa lupe lupita luz lydia lynn mabel macario magda magdalena maikel maikol maira malik manuel
manuela marcela marcelino marcelo marcia marco marcos marcus margarita margie mari maria marian mariana mariano
maribel maricela maricruz marie mariela marilu marina mario marisol maritza marjorie marlen marlene marlon marquis
marsha marta marte martha martin martina marvin mary maryuri mason mateo matias matilde maura maureen maurice mauricio
max maximo maxwell maycol mayra melania melanie melissa melvin memo mercedes merlin mervin meybel michael michelle
miguel milagro milagros mildred milton minerva miranda mirian mirlande mirna misael moi moises moncho monica monserrat
monserrath mundo muriel myrna myrtle nacho nadia nahum nancy nando naomi narciso natalia natalie nataly natasha
nathaniel natividad nayeli nayely nehemias neil nelly nelson nestor neto nico nicolas nicole nidia nigel noah noe noel
noelia noemi nohemi nolberto nora norely norma norman norris obdulia octavio odalis odalys odilia ofelia olga oliver
olivia olman omar orlando orvin oscar osman osmin oswaldo otilia otto owen pablo paco pamela pancha panchita pancho
paola paquita pascual pastora pati patricia patricio patrick paty paul paula paulina paulino pavel pedro pepe percival
percy perla peter petrona philip phillip phyllis pierre pilar plutarco porfirio priscila quique rafa rafael rafaela
ralph ramiro ramon ramona randy raquel rasheed raul raymond raymundo rebeca regina reginald reina reinier rene reyna
reynaldo rhonda ricardo richard richi rigoberto rita robert roberto rocio roderick rodney rodolfo rodrigo rogelio
roger rohan rolando roman romelia romeo ronal ronald ronaldo roque rosa rosalba rosalia rosalie rosalina rosalinda
rosario rosaura rose roselia rosemary rosendo rosibel rosita rosmery roxana roy ruben rudy rufino rupert russell ruth
ryan sabina salomon salvador samantha samuel sandra santi santiago santos sara sarah saturnino saul sayda sean
sebastian selena selvin selvyn selwyn serafina sergio servando shakira shane shanice shannon shantel shaquille sharon
shaun shawn sheila sherlette sherry shirley silverio silvestre silvia simeon simon simona sindy sofia sol soledad
sonia sophia sophie stacy stanley stefany stephanie stephen steven stuart suleyma susan susana suyapa sylvia tamara
tania tanya tasha tatiana tavo telesforo telma teo teodora teodoro teofilo tere teresa teresita terrence thelma
theodore theresa thomas tiffany timoteo timothy tita tito tomas tomasa tono tony tracy travis trevor trinidad trisha
tyrell tyron tyrone ubaldo ulises ursula valentin valentina valeria valerie vanesa vanessa vernon veronica vicente
vicky victor victoria victoriano vilma vincent vinicio viola violeta virgilio virginia vivian viviana waldemar walter
wayne wellington wendi wendy widlin wilber wilfredo wili william willy wilmer wilner wilson winston woodly wuilmer
xiomara xochitl yadira yajaira yamileth yanelis yanet yaneth yanira yaretzi yaritza yasmin yeimi yeimy yeison yeni
yenifer yenny yesenia yesica yessenia yessica yoandry yoel yola yolanda yomara yonatan yony yordanis yordi yorleni
yoselin yoselyn yosselin yovani yuliana yulissa yuniel yunier yuri yusniel yvonne zacarias zeferino zelma zenaida zoe
zoila zoraida zulema zuleyma zulma
"""

_SURNAMES = """
acosta aguilar aguirre alas aldana alfaro alvarado alvarenga alvarez amaya andrade aparicio arana argueta arias arnold
arriaga arteaga arzu augustine avila avilez ayala baeza banegas barahona barrera barrientos bautista benitez bennett
bermudez bevans bolanos bonilla borges bowen bradley bravo briceno broaster brown burgess burns caal cabrera cadle cal
calderon calix campos canales canche canul carballo cardenas cardona carranza carrillo castaneda castellanos castillo
castro catzim cauich cayetano ceballos cerna cervantes chable chac chan charles chavarria chavez che chi choc chub
chun clarke coc cocom coh colindres contreras coot cordova coronado cortes cortez coto cruz cu cuc cuellar cunningham
davis dawson delgado desir diaz dominguez dorvil duarte duran dzul eiley ek elijio enriquez escalante escobar espinal
espinoza estime estrada etienne exantus ferguson figueroa fleurimond flores flowers foreman franco francois fuentes
fuller funes gabourel galeano galindo galvez gamez garay garcia garza gentle gillett gladden godoy goff gomez gonzales
gonzalez guardado guerra guerrero guerrier guevara gutierrez guy guzman hall henriquez hernandez herrera hyde ical
innocent jean jimenez jones joseph juarez lainez lambey lara leiva lemus leon lewis lima lino lizarraga lobo lopez
louis lozano luna maas machado madrid maldonado manzanero marin marroquin martin martinez matute may mayorga
mclaughlin medina mejia melendez melgar membreno menchu mendez mendoza menjivar meza michel middleton miguel miranda
molina moncada monge montes montoya moody morales moran moreno moya munguia munoz murillo myvett najera narvaez
navarrete navarro neal nicholson noel noh nunez ochoa ojeda ordonez orellana orozco ortega ortiz osorio pacheco
padilla palacio palacios palma paredes pascascio paz pech pedroza pena peraza perdomo perez philippe pierre pineda
pinto pitts poot pop portillo posadas pott puc puga quinonez quintanilla quiroz ramirez ramos rauda recinos requena
reyes rhaburn rios rivas rivera rivero robateau robinson rodas rodriguez rojas roldan romero rosales rosas rubio
rugama ruiz sabal salazar salgado salinas sanabria sanchez sandoval sanker santamaria santana saravia sarmiento
segovia serrano sierra silva smith solis solorzano soriano sorto sosa soto staine stevens suarez sutherland swaso
swift tamayo tec tejada tejeda teul tillett torres toussaint tovar trapp trejo trujillo tun turcios tzul uc umana
urbina urquilla usher valdez valencia valenzuela valladares valle vallecillo vallejo vargas vasquez vazquez vega
velasco velasquez velez ventura vera vernon vicente villalobos villanueva villatoro wade wagner waight welch westby
williams wilson xol yam yat young zaldivar zamora zapata zavala zelaya zepeda zuniga
"""

GIVEN = frozenset(_GIVEN.split())
SURNAMES = frozenset(_SURNAMES.split())
