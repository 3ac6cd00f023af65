"""Function words by language: words that bind a sentence together and say little about its subject.

Small lists, written for this project: articles, pronouns, prepositions, conjunctions, auxiliary verbs and
the commonest adverbs, in small letters, with straight apostrophes. French and Italian words that lose a
vowel before another are listed with their apostrophe: ``l'``, ``dell'``.
"""

from __future__ import annotations

from typing import Literal, get_args

Language = Literal["en", "de", "fr", "es", "it", "pt", "nl"]
"""Languages that have a list, by ISO 639-1 code."""

_ENGLISH = """
a about above across after afterwards again against ain't all almost alone along already also although always am among
amongst an and another any anybody anyone anything are aren't around as at away be became because become becomes been
before behind being below beneath beside besides between beyond both but by can can't cannot could couldn't did didn't
do does doesn't doing don't done down during each either else ever every everybody everyone everything except few for
from further had hadn't has hasn't have haven't having he he'd he'll he's hence her here here's hers herself him
himself his how how's however i i'd i'll i'm i've if in indeed instead into is isn't it it'd it'll it's its itself
just let's many may maybe me might mightn't mine more most much must mustn't my myself near neither never nevertheless
no nobody none nor not nothing now nowhere of off often on once one only onto or other others otherwise our ours
ourselves out over own perhaps quite rather really same shall shan't she she'd she'll she's should shouldn't since so
some somebody someone something sometimes somewhere still such than that that'll that's the their theirs them
themselves then there there's therefore these they they'd they'll they're they've this those though through throughout
thus to together too toward towards under unless until up upon us very was wasn't we we'd we'll we're we've were
weren't what what's whatever when when's whenever where where's whereas wherever whether which whichever while who
who's whoever whom whose why why's will with within without won't would wouldn't yet you you'd you'll you're you've
your yours yourself yourselves due elsewhere enough etc even everywhere least less meanwhile moreover per several
thereby therein via
"""
_GERMAN = """
ab aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch auf aus außer bei
beide beiden beim bevor bin bis bist da dabei dadurch dafür dagegen daher dahin damit danach daneben dann daran darauf
daraus darf darfst darin darüber darum darunter das dass dasselbe davon davor dazu dein deine deinem deinen deiner
deines dem demselben den denen denn denselben der deren derer derselbe derselben des desselben dessen dich die dies
diese dieselbe dieselben diesem diesen dieser dieses dir doch dort du durch durfte dürfen ein eine einem einen einer
eines einige einigem einigen einiger einiges einmal er es etwas euch euer eure eurem euren eurer eures für gegen
gewesen hab habe haben habt hat hatte hatten hattest hattet hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren
ihrer ihres im in indem ins ist jede jedem jeden jeder jedes jedoch jene jenem jenen jener jenes jetzt kann kannst
kein keine keinem keinen keiner keines können könnt könnte könnten man manche manchem manchen mancher manches mein
meine meinem meinen meiner meines mich mir mit muss musst musste mussten müssen müsst nach nachdem neben nein nicht
nichts noch nun nur ob obwohl oder ohne schon sehr sei seid sein seine seinem seinen seiner seines seit selbst sich
sie sind so sogar solche solchem solchen solcher solches soll sollen sollst sollt sollte sollten sondern sonst sowie
trotz über um und uns unser unsere unserem unseren unserer unseres unter viel vom von vor während war waren warst wart
warum was weder weg weil weiter welche welchem welchen welcher welches wem wen wenn wer werde werden werdet wessen wie
wieder will willst wir wird wirst wo wobei wodurch wofür wohin wollen wollt wollte wollten womit worden wurde wurden
würde würden zu zum zur zwar zwischen
"""
_FRENCH = """
à afin ai aie aient ainsi alors après as au aucun aucune aura aurai aurais aurait auront aussi autre autres aux
avaient avais avait avant avec avez avoir avons ayant bien car ce ceci cela celle celles celui cependant certain
certaine certaines certains ces cet cette ceux chaque chez ci comme comment contre dans de dedans dehors depuis des
dès donc dont du durant elle elles en encore entre envers es est et étaient étais était étant été êtes étiez être eu
eurent eut eux fait fut hors il ils jamais je jusque la là laquelle le lequel les lesquelles lesquels leur leurs lors
lorsque lui ma mais malgré me même mêmes mes mien mienne miennes miens moi moins mon ne ni non nos notre nôtre nôtres
nous on ont or ou où par parce parmi pas pendant peu peut peuvent plus plusieurs pour pourquoi puis puisque quand que
quel quelle quelles quelque quelques quels qui quoi sa sans sauf se selon sera serai seraient serais serait seront ses
si sien sienne siennes siens soi soient sois soit sommes son sont sous suis sur ta tandis tant te tel telle telles
tels tes toi ton toujours tous tout toute toutes très trop tu un une vers voici voilà vos votre vôtre vôtres vous y c'
d' j' jusqu' l' lorsqu' m' n' puisqu' qu' quoiqu' s' t'
"""
_SPANISH = """
a ahora al algo alguien algún alguna algunas alguno algunos allí ante antes aquel aquella aquellas aquello aquellos
aquí así aun aún aunque bajo bien cada casi como cómo con contra cual cuál cuales cualquier cuando cuándo cuanto de
del desde donde dónde dos durante e el él ella ellas ello ellos en entre era erais éramos eran eras eres es esa esas
ese eso esos esta está estaba estaban estado estamos están estar estas estás este esto estos estoy fin fue fueron fui
fuimos ha había habían haber han has hasta hay he hemos la las le les lo los luego más me mi mí mía mías mientras mío
míos mis misma mismas mismo mismos mucha muchas mucho muchos muy nada nadie ni ningún ninguna ninguno no nos nosotras
nosotros nuestra nuestras nuestro nuestros nunca o os otra otras otro otros para pero poca pocas poco pocos por porque
pues que qué quien quién quienes se sea sean según ser será sería si sí sido siempre siendo sin sino sobre sois solo
sólo somos son soy su sus suya suyas suyo suyos tal también tampoco tan tanto te tener tengo ti tiene tienen toda
todas todavía todo todos tras tu tú tus tuya tuyas tuyo tuyos un una unas uno unos usted ustedes vosotras vosotros
vuestra vuestras vuestro vuestros y ya yo
"""
_ITALIAN = """
a abbia abbiamo abbiano ad agli ai al alcuna alcuni alcuno alla alle allo allora altra altre altri altro anche ancora
aveva avevano avere avete ben che chi ci ciò cioè coi col come con contro così cui da dagli dai dal dalla dalle dallo
degli dei del della delle dello dentro di dopo dove dunque durante e è ebbe ed era erano ero essa esse essere essi
esso fa fino fra fu furono già gli ha hai hanno ho i il in infatti invece io la là le lei li lo loro lui ma mai me
meno mentre mi mia mie miei mio molta molte molti molto ne né negli nei nel nella nelle nello nessuna nessuno niente
no noi non nostra nostre nostri nostro nulla o ogni oltre oppure ora per perché perciò però più poca poche pochi poco
poi prima proprio può qual quale quali qualche quando quanta quante quanti quanto quasi quella quelle quelli quello
questa queste questi questo qui quindi sarà sarebbe se sé sebbene sei sempre senza si sì sia siamo siano siete sono
sopra sotto sta stata state stati stato stessa stesse stessi stesso su sua subito sue sugli sui sul sulla sulle sullo
suo suoi tale tali tanta tante tanti tanto te ti tra troppo tu tua tue tuo tuoi tutta tutte tutti tutto un una uno
verso vi via voi vostra vostre vostri vostro all' c' com' d' dall' dell' dov' l' m' nell' quell' quest' s' sull' t'
un' v'
"""
_PORTUGUESE = """
a à ainda além algo alguém algum alguma algumas alguns ante antes ao aos apenas após aquela aquelas aquele aqueles
aquilo as às assim até bem cada com como contra contudo cujo da daquela daquele das de dela delas dele deles depois
desde dessa desse desta deste do dos durante e é ela elas ele eles em embora enquanto entre era eram és essa essas
esse esses esta está estamos estão estar estas estava estavam este estes estou eu foi fomos for foram fosse há haver
havia isso isto já la lá lhe lhes lo logo mais mas me mesma mesmas mesmo mesmos meu meus mim minha minhas muita muitas
muito muitos na nada não nas nem nenhum nenhuma nessa nesse nesta neste ninguém no nos nós nossa nossas nosso nossos
num numa nunca o onde os ou outra outras outro outros para pela pelas pelo pelos perante pois por porém porque pouca
poucas pouco poucos quais qual qualquer quando quanto que quê quem são se seja sejam sem sempre sendo ser será seria
seu seus si sido sob sobre sou sua suas só também tanto te tem têm temos tenho ter teu teus teve tinha tinham toda
todas todavia todo todos tu tua tuas tudo um uma umas uns vos você vocês vós
"""
_DUTCH = """
aan aangezien achter af al alle alleen alles als altijd ander andere anders ben bent bij bijna binnen boven buiten
daar daarna daarom dan dat de deze die dit doch doen door dus echter een eens één elk elke en enige er erg ergens ge
geen gehad geweest geworden haar had hadden hare heb hebben hebt heeft hem hen het hier hij hoe hun iemand iets ik in
indien is ja je jij jou jouw jullie kan kon konden kunnen kunt maar me meer men met mij mijn moest moet moeten mogen
na naar naast nadat niemand niet niets noch nog nooit nu of om omdat omtrent onder ons onze ook op over overal per
reeds sinds sommige soms steeds te tegen tenzij terwijl tijdens toch toe toen tot totdat tussen u uit uw vaak van
vanaf veel voor voordat waar waarom wanneer want waren was wat we weer wel welk welke werd werden wezen wie wij wil
wilde willen word worden wordt zal zelf zelfs zich zij zijn zo zoals zodat zonder zou zouden zulke zullen
"""

ELIDED: frozenset[Language] = frozenset({"fr", "it"})
"""Languages in which an apostrophe ends a word."""
STOP_WORDS: dict[Language, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in zip(
        get_args(Language),
        (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH),
        strict=True,
    )
}
"""The words of each list."""
