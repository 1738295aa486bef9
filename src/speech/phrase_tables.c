/* phrase_tables.c - word lists of the phrases, chosen by hand; blanks between the words. */
#include "phrases_internal.h"

#include <ctype.h>
#include <string.h>

/* ---- parts of speech ---- */

static const char DETERMINERS[] = "a an another my our several some the these this those";
static const char OTHERS_OWN[] =
    "all any both each either enough every few her his its many more most much neither no such that their what "
    "which whose your";
static const char PREPOSITIONS[] =
    "about across after against along among around as at before behind besides between beyond by despite down "
    "during except for from in inside into like near of off on onto out outside over per regarding since than "
    "through throughout to toward towards under until up upon via with within without";
static const char JOINERS[] =
    "although and because but cause cuz how however if nor once or plus so that then therefore though unless what "
    "when whenever where whereas wherever whether which while who whom why yet";
static const char PRONOUNS[] =
    "anybody anyone anything everybody everyone everything he he'd he'll he's here here's hers herself him himself "
    "how's i i'd i'll i'm i've it it'd it'll it's itself let's me mine myself nobody nothing one ones ours "
    "ourselves she she'd she'll she's somebody someone something that'd that'll that's theirs them themselves there "
    "there're there's they they'd they'll they're they've this'll us we we'd we'll we're we've what's where's who's "
    "you you'd you'll you're you've yours yourself";
static const char AUXILIARIES[] =
    "ain't am are aren't be been being can can't cannot could couldn't did didn't do does doesn't don't done gonna "
    "gotta gotten had hadn't has hasn't have haven't having is isn't may might must mustn't ought shall should "
    "shouldn't wanna was wasn't were weren't will won't would wouldn't";
static const char ADVERBS[] =
    "abroad actually again ago ah ahead almost alone already alright also altogether always anyway anyways anywhere apart "
    "away back basically certainly clearly completely constantly currently definitely directly dramatically easily "
    "else especially essentially even eventually ever everywhere exactly externally extremely fairly far finally "
    "forever fortunately frankly frequently fully generally gradually greatly hardly hmm honestly hopefully hugely "
    "immediately independently initially instead internally just kinda largely lately later literally mainly "
    "massively maybe mhm mostly naturally nearly never no nope normally not now nowadays nowhere obviously "
    "occasionally often oh ok okay only originally overall particularly perhaps personally please possibly pretty "
    "previously primarily probably properly quickly quite rarely rather really recently regularly right seriously "
    "significantly simply slightly slowly somehow sometimes somewhat somewhere soon sorta specifically still "
    "successfully suddenly surely thankfully today together tomorrow tonight too totally truly twice ultimately "
    "unfortunately usually very well whatever whatsoever wherever whoever wrong yeah yep yes yesterday";
static const char VERBS[] =
    "add adds allow allows appear appears applies apply arrive ask asks ate attend attended avoid became become "
    "becomes becoming began begin begins begun believe believes belong bought bring brings broke broken brought "
    "build builds built buy buys came can caught choose chooses come comes communicate compete complain complete "
    "continue continues create creates decide decides deliver depend depends describe develop develops die discuss "
    "drew drove enjoy enjoys ensure explain express fail fails feel feels fell fill find finds finish fit fits flew "
    "focuses follow follows forget fought froze gain gave get gets getting give given gives go goes going gone got "
    "grow grows guess happen happens hear held help helps hid hire hit hope hopes hurt identify imagine implement "
    "improve improves include includes inspire involve involves join keep keeps kept knew know known knows laid "
    "learn learns leave leaves led left lent let lets listen lit live lives lose lost make makes making manage "
    "manages mean means meant meet meets met need needs notice occur offer offers organize paid persuade prefer "
    "prepare prevent provide provides pull push put puts quit ran rang reach read realize realizes reduce reduces "
    "refuse remain remember remembers require requires resolve respond rid rise rose run runs said sang sank sat "
    "saw say says see seem seems seen sees sell sells send sends sent serve serves set share shares shook shot show "
    "shows shut sit sits slept slid sold solve solves sought speak speaks spend spends spent spoke spun stand "
    "stands start starts stay stays stole stood stop stops struck struggle struggles stuck suggest suggests suppose "
    "swam swept swore take taken takes taking talk talks taught teach teaches tell tells tend tends thank think "
    "thinking thinks thought threw told took tore tried tries try trying turn turns understand understands "
    "understood use uses wait walk want wants watch went wish woke won wore work works worry wound write writes "
    "written wrote";
static const char NOUNS_TOO[] =
    "build builds call calls change changes design designs fight finish fix fixes focus help hire hires hope lead "
    "leads move moves need notice offer offers order orders plan plans play plays pull push report reports run "
    "search set share shares show shows start stop struggle struggles studies study talk talks test tests try turn "
    "use uses visit walk watch work";
static const char ADJECTIVES[] =
    "able active amazing available awesome bad basic best better big bigger biggest bilingual black blue brief "
    "bright broad busy cheap clear clever cold comfortable common complex cool corporate correct crazy critical "
    "current daily dark deep different difficult digital early easy effective efficient electric entire exact "
    "excellent exciting extra fair famous fast faster fastest favorite favourite final financial fine first former "
    "free fresh friendly full fun funny further general global good grateful great green happy hard harder hardest "
    "hardworking healthy high higher highest historic hot huge human important independent individual industrial "
    "initial innovative intense interesting internal international junior large larger largest last late later "
    "latest least legal less little local logical long longer longest loud low lower main major massive medical "
    "mental middle modern monthly multiple national natural neat necessary negative new newer next nice normal "
    "official okay old older online only open organized original other outdoor overall own particular perfect "
    "personal physical poor popular positive possible practical previous primary private professional proper proud "
    "public pure quick quiet random rare ready real recent red regional regular related reliable rich rough rural "
    "sad safe same scary second senior separate serious several shared sharp short shy significant similar simple "
    "single small smaller smart smooth social soft solid special specific stable standard steady strange strict "
    "strong stronger successful sudden super sure sweet talented tall technical temporary terrible third thorough "
    "tight tiny top total tough traditional true typical unique upset urban used useful usual various warm weak "
    "weekly weird white whole wide wonderful wooden worse worst worth wrong yearly young younger";

/* ---- meanings ---- */

static const char VAGUE[] =
    "advantage all amount area areas aspect aspects back best bit bunch capacity case cases chance child choice "
    "combination couple day days deal decade end everybody everything example experience experiences exposure "
    "extent fact few field fields first focus future girl god guy guys half hand head heart homework hour hours "
    "idea ideas instance interaction interactions intersection issue job jobs kid kids kind kinds level life list "
    "lot lots man manner matter mean means mind minute mix moment moments month months morning name night nothing "
    "number one ones opportunity option order other others part parts past people percent person piece place places "
    "point points possibility process question questions range reason reasons respect rest result right second "
    "semester sense series set side situation situations something sort sorts spot start stuff summer term terms "
    "thing things time times today top topic topics town try type types use variety version way ways week weekend "
    "weeks well while woman word words work world year years";
static const char NO_MODIFIERS[] =
    "actual amazing awesome basic best better big bigger biggest bit certain cool couple current different entire "
    "exact few final first general good great huge important interesting large last little main major many multiple "
    "neat new next nice old only other others overall own particular personal previous real recent same second "
    "several small specific such third tiny top typical various very whole";
static const char PARTS_OF[] =
    "bunch couple dozen few group handful lot lots number pair piece range series set team variety";
static const char PROJECTS[] =
    "analysis animation audit campaign competition conference contest conversion course deployment design "
    "dissertation documentary event exhibit exhibition expedition experiment fellowship festival film fundraiser "
    "hackathon initiative installation integration internship invention investigation launch marathon merger "
    "migration negotiation outreach parade petition presentation program programme project prototype redesign "
    "refactoring relaunch relocation renovation research restructuring rollout sabbatical seminar show simulation "
    "survey takeover thesis tour tournament training transfer transformation translation trip turnaround upgrade "
    "venture version volunteering wedding workshop";
static const char WORKS[] =
    "algorithm app application archive article automation backend blog book bot bridge budget business calculator "
    "catalog catalogue chatbot checklist circuit classifier code codebase compiler controller dashboard database "
    "demo device document documentation drone engine essay farm feature firmware forecast framework frontend game "
    "garden guide handbook infrastructure instrument interface inventory invoice kitchen layout lesson library "
    "machine magazine manual mechanism menu microscope model module network newsletter paper parser patent payroll "
    "pipeline platform playbook podcast policy portal portfolio procedure process product protocol queue report "
    "roadmap robot routine rover satellite schedule scheduler script sensor server service sheet simulator site "
    "software solution song spreadsheet store strategy study submission switch system task template test tool "
    "toolkit tutorial vehicle video visualization web website widget workflow yearbook";
static const char GROUPS[] =
    "band chapter charity choir club committee crew fraternity lab orchestra society sorority start-up startup "
    "studio team troop union";
static const char PLAIN[] =
    "analysis app application article board book business class clinic code community company competition "
    "conference contest course department design device document event experiment film forum fund game group "
    "hospital interface lab laboratory machine map material method model move museum network office organisation "
    "organization paper play player policy presentation process product program programme project report research "
    "restaurant review routine school search service shop show simulation site society software solution store "
    "study system task team test tool training trial trip union version video web website";
static const char TROUBLES[] =
    "argument bottleneck bug bugs challenge complaint complaints conflict conflicts crash crisis deadline defect "
    "delay delays difficulty disagreement disagreements dispute emergency error errors failure incident issue "
    "issues mistake mistakes obstacle outage problem problems shortage strike tension";
static const char TRAIT_NOUNS[] =
    "collaborator communicator doer extrovert generalist introvert leader learner listener mediator mentor "
    "multitasker negotiator optimist organiser organizer perfectionist person planner player procrastinator realist "
    "solver thinker tinkerer worker";
static const char TRAITS[] =
    "adaptable ambitious analytical approachable assertive calm caring collaborative committed competent "
    "competitive confident conscientious cooperative courageous creative curious decisive dedicated dependable "
    "detail-oriented determined diligent direct disciplined driven eager easy-going easygoing empathetic energetic "
    "enthusiastic flexible friendly hard-working hardworking honest independent loyal methodical meticulous "
    "motivated open-minded optimistic organised organized outgoing passionate patient perceptive persistent "
    "personable persuasive positive practical proactive punctual reliable resilient resourceful responsible "
    "self-motivated sociable systematic thorough versatile";
static const char HAVES[] =
    "ability attention attitude background certification degree ethic experience intuition knowledge passion "
    "perspective skills training understanding";
static const char TERMS[] =
    "ajax android angular ansible arduino autocad aws azure bash bigquery bitcoin blockchain bluetooth bootstrap "
    "cad cassandra clojure cobol confluence cuda django docker elasticsearch erlang excel fastapi figma firebase "
    "flask flutter fortran git github gitlab golang grafana graphql hadoop haskell hibernate hubspot illustrator "
    "indesign ios java javascript jenkins jira jquery julia jupyter kafka kanban keras kotlin kubernetes labview "
    "latex linux mapreduce mathematica matlab minitab mongodb mysql netsuite node.js numpy opencv openshift oracle "
    "pandas perl photoshop php postgres postgresql powerpoint prometheus python pytorch quickbooks rabbitmq react "
    "redis redshift rust salesforce sap sas scala scikit-learn scrum selenium servicenow sharepoint shopify "
    "solidworks spark splunk spss sql sqlite stata stripe swift symfony tableau tensorflow terraform trello "
    "typescript unity unix verilog vhdl vue wordpress workday zendesk";
static const char MASS[] =
    "accounting accuracy advertising agriculture ai algebra anthropology arabic architecture art artwork astronomy "
    "attendance awareness baseball basketball biochemistry bioinformatics biology biotechnology business calculus "
    "chemistry chess chinese code communication communications content copy counseling cryptography data design "
    "documentation economics education efficiency electronics engagement engineering english equipment evidence "
    "feedback finance firmware football french frisbee fundraising geography geology german graphics hardware "
    "health history hockey hr humanities inventory italian japanese latency law leadership linguistics literature "
    "logistics machine-learning machinery maintenance management mandarin manufacturing marketing math mathematics "
    "maths medicine merchandise microbiology money morale music networking neuroscience nursing nutrition optics "
    "outreach paperwork performance pharmacology philosophy photography physics poetry politics productivity "
    "programming psychology recruitment research retention revenue robotics russian sales science security soccer "
    "sociology software spanish statistics support swimming teamwork technology tennis theater theatre throughput "
    "traffic training translation turnover volleyball volunteering";
static const char ING_NOUNS[] =
    "accounting advertising auditing banking billing bookkeeping branding briefing budgeting building cleaning "
    "clustering coaching coding computing consulting cooking counseling counselling dancing debugging engineering "
    "farming filing finding findings funding fundraising gaming gathering hearing hiring housing imaging invoicing "
    "landing learning lighting listing listings logging machining mailing manufacturing mapping marketing meeting "
    "meetings mentoring messaging modeling modelling monitoring networking nursing offering onboarding outing "
    "painting parenting planning pricing printing processing programming proofreading publishing purchasing rating "
    "ratings reading recording recruiting recycling rendering reporting reviewing routing running sailing sampling "
    "scheduling screening sequencing setting shipping shopping sizing sorting sourcing speaking staffing streaming "
    "swimming targeting teaching testing thinking ticketing tooling trading training trainings translating tutoring "
    "typing volunteering wedding welding wiring wording writing";

bool rh_word_listed(rh_list list, const char *key)
{
    static const char *const lists[RH_LISTS] = {
        [RH_LIST_VAGUE] = VAGUE,
        [RH_LIST_NO_MODIFIERS] = NO_MODIFIERS,
        [RH_LIST_PARTS_OF] = PARTS_OF,
        [RH_LIST_PROJECTS] = PROJECTS,
        [RH_LIST_WORKS] = WORKS,
        [RH_LIST_GROUPS] = GROUPS,
        [RH_LIST_PLAIN] = PLAIN,
        [RH_LIST_TROUBLES] = TROUBLES,
        [RH_LIST_TRAIT_NOUNS] = TRAIT_NOUNS,
        [RH_LIST_TRAITS] = TRAITS,
        [RH_LIST_HAVES] = HAVES,
        [RH_LIST_TERMS] = TERMS,
        [RH_LIST_MASS] = MASS,
        [RH_LIST_ING_NOUNS] = ING_NOUNS,
    };
    return rh_word_in(key, lists[list]);
}

static bool ends_in(const char *key, const char *ending)
{
    size_t n = strlen(key), m = strlen(ending);
    return n > m + 1 && strcmp(key + n - m, ending) == 0;
}

static bool is_adverb_by_ending(const char *key)
{
    static const char nouns[] =
        "anomaly assembly costly elderly family fly friendly italy lively lonely lovely monopoly reply supply";
    return ends_in(key, "ly") && !rh_word_in(key, nouns);
}

static bool is_ed(const char *key)
{
    static const char nouns[] = "bed embed feed hundred led med need seed shed speed";
    return ends_in(key, "ed") && !rh_word_in(key, nouns);
}

unsigned rh_pos_of(const char *key)
{
    static const struct {
        const char *words;
        unsigned pos;
    } lists[] = {
        {DETERMINERS, RH_POS_DETERMINER}, {OTHERS_OWN, RH_POS_OTHERS}, {PREPOSITIONS, RH_POS_PREPOSITION},
        {JOINERS, RH_POS_JOINER},         {PRONOUNS, RH_POS_PRONOUN},  {AUXILIARIES, RH_POS_AUXILIARY},
        {ADVERBS, RH_POS_ADVERB},         {VERBS, RH_POS_VERB},        {NOUNS_TOO, RH_POS_VERB | RH_POS_NOUN_TOO},
        {ADJECTIVES, RH_POS_ADJECTIVE},   {TRAITS, RH_POS_ADJECTIVE},
    };
    unsigned pos = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (rh_word_in(key, lists[i].words))
            pos |= lists[i].pos;
    if (isdigit((unsigned char)key[0]) || rh_is_number_word(key))
        return pos | RH_POS_NUMBER;
    if (!isalpha((unsigned char)key[0]) && (unsigned char)key[0] < 0x80)
        return pos | RH_POS_OTHER_SIGN;
    if (ends_in(key, "ing") && !rh_word_listed(RH_LIST_ING_NOUNS, key) && strcmp(key, "during") != 0 &&
        !ends_in(key, "thing") && strcmp(key, "spring") != 0 && !(pos & RH_POS_ADJECTIVE))
        pos |= RH_POS_ING;
    if (pos & (RH_POS_CLOSED | RH_POS_ADVERB | RH_POS_VERB | RH_POS_ADJECTIVE))
        return pos;
    if (is_ed(key))
        pos |= RH_POS_ED;
    else if (is_adverb_by_ending(key))
        pos |= RH_POS_ADVERB;
    else if (rh_is_past_tense(key))
        pos |= RH_POS_VERB;
    return pos;
}

bool rh_is_plural(const char *key)
{
    static const char odd[] = "alumni children criteria data feet men mice people staff women";
    static const char not [] =
        "always atlas basis bias bus business canvas chaos diabetes gas lens news plus sales series";
    size_t n = strlen(key);
    if (rh_word_in(key, not ))
        return false;
    return rh_word_in(key, odd) || (n > 3 && key[n - 1] == 's' && !strchr("sui'", key[n - 2]));
}

bool rh_head_is_adjective(const char *key)
{
    static const char nouns[] =
        "academic alternative animal approval archive arrival cable capital clinic collective comic cooperative critic deal "
        "decal deliverable detective directive drive executive festival fabric goal graphic hospital incentive initiative "
        "journal logic manual material meal mechanic medal metal metric music narrative objective pandemic perspective "
        "portal professional proposal referral removal renewal rental representative retrieval rival signal statistic "
        "survival table terminal topic traffic trial tutorial variable withdrawal";
    static const char *const endings[] = {"ful", "less", "ous", "ive",    "able", "ible",
                                          "al",  "ic",   "ish", "-based", "like"};
    if (rh_is_plural(key) || rh_word_in(key, nouns) || ends_in(key, "fish"))
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(key, endings[i]))
            return true;
    return false;
}
