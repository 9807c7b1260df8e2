"""Subjects people slip into beside their work, known by their words in many languages."""

import re
from collections.abc import Set
from functools import cache

from agentsim.guards.reading import Reading, folded

# Words of the subjects people slip into. A word stands for all words that begin so, with a full stop for itself alone;
# those before the stroke are English, the others are looked for in all other languages.
_SUBJECTS = """
sport: tournam playing-f football footbal soccer cricket rugby tennis basketb basebal hockey goalke goalie striker
 referee midfiel offside kickfl skateb skate. skater skatepark kickflip surfing league stadium champio playoff wicket
 wickets batsman innings halfpipe half-pipe olympi world-cup penalty marathon scorer match. goal. goals. derby nba nfl
 | fußball fussbal torwart stürmer schieds bundesl elfmeter tore. trainer. spieltag spieler mannsch abseits vfb
 bayern. bvb foot. gardien arbitre attaqua ligue. champion équipe psg rugby. mi-temps entraîn fútbol portero árbitro
 delante gol. goles. golazo betis partido. mediapu liga. madrid. barça selecci entrena hincha. futebol goleiro atacan
 gols. flamen corinth palmeir campeon torcedo torcida calcio. portier arbitro attacca juvent scudet difenso allenat
 tifoso tifosi campion rigore voetbal doelman scheids spits. ajax. feyeno doelpunt elftal trainer piłka. piłkar
 bramkar sędzia mecz. meczu napastn bramkę bramka. lewando kibic ligi. футбол вратар судья. судью нападаю матч. матча
 матче гол. голы. забил зенит спарта чемпио хоккей тренер futbol maçı. maç. maçta kaleci hakem penaltı penalt forvet
 golü golcü fenerb galata beşikt derbi lig. ligde stadyu fotboll målvak domare. allsven hockey matchen sepak. bola.
 kiper wasit piala كرة. مباراة مبارا هدف. هدفا حارس مهاجم دوري. ريال. برشلون ملعب مدرب क्रिके फुटबॉ विकेट मैच. मैच
 गेंदबा बल्लेब छक्का गोल. टीम. 足球 球赛 球队 进球 守门 裁判 世界杯 篮球 比赛 サッカー 野球 試合 ゴール 監督 選手
 キーパー 審判 축구 야구 경기. 골키퍼 심판 골을 감독 월드컵
screen: watchin blockbu movie film. films. cinema netflix sequel prequel trilog episod actor actress trailer director
 spoiler dune. hitchco marvel finale soundtr thrille box-off cliffha hollyw oscar oscars zimmer sitcom tv-show villain
 worms | kino. filme. serie. serien folge. folgen staffel schauspi regisse fortset kinofi tatort krimi. hauptdarst
 cinéma série. séries acteur actrice réalisat épisode saison. tournag película pelicul capítulo temporad actor.
 actores actriz director cine. estreno banda-sonora detective asesino novela. novelas ator. atriz vilã. vilão filmes
 capítul estreia cinema. film. puntata puntate attore attrice regista stagione trama. cinema films. bioscoo afleveri
 aflever seizoen regiss filmu filmy kinie odcinek odcink aktor reżyse sezon. фильм кино. сериал серия. серии сезон.
 актёр актер актрис режисс сюжет трейле filmi filmin dizi. diziyi diziyi. dizinin bölüm. bölümü oyuncu yönetm sinema
 serien. avsnitt skådes biograf bio. aktris sutradar bioskop فيلم. الفيلم مسلسل ممثل. ممثلة مخرج حلقة. سينما بطلة.
 फ़िल्म फिल्म. फिल्म अभिने खलनाय नायक. नायिका नाटक गीत. सीरिय निर्दे सिनेमा धारावा 电影 影片 导演 演员 女主 男主 续集 首映
 剧情 电视剧 科幻片 映画 ドラマ 俳優 監督 主人公 最終回 続編 영화 드라마 사극 배우 주인공 예고편 감독님 결말 대비마마
 세자
music: music. album albums guitar. guitar concer drumme drums. bassist singer song. songs. lyrics radioh beatle
 playlis vinyl gig. gigs glaston festiv jazz. orchest melody symphon | musik. musiker konzert lied. lieder gitarre
 sängeri sänger klavier schlagz platten musique chanson chante concert guitare album. mélodie música canción cancion
 concier guitar cantan música. canção canções cantor. cantora violão musica. canzone canzoni cantant chitarr muziek
 liedje zanger gitaar muzyk. muzyka piosen koncer zespół gitara музык песня. песни песню концер гитара группа. певец
 певица müzik. müzik şarkı konser gitar. albüm låt. låten skivan konsert gitarr lagu. penyany أغنية أغاني موسيقى حفلة.
 مطرب गाना. गाने. संगीत गायक 音乐 歌手 演唱会 歌词 专辑 音楽 コンサート ライブ 曲が 曲は 노래 가수 콘서트 피리 음악
pets: dog. doggo pet. pets dogs. puppy puppies beagle labrad terrie poodle cat. cats. kitten kittie parrot hamste
 hamster rabbit bark. barks barking purr purrs vet. leash paws tabby goldfi | hund. hunde katze. katzen kater. welpe
 welpen dackel pfoten leine. tierarz kaninche papagei chien. chiens chienne chat. chats chaton vétérin croquet aboie
 perro. perros perra. gato. gatos. gata. gatito cachorr ladra. gatos cão. cães. filhote cane. cani. gatto. gatti.
 gattin cuccio cucciol hond. honden teckel puppy kat. katten poes. labrad kauwbot riem. pup. pies. kot. koty. kotek
 szczeni кот. кота. кошка кошки кошку котёнок котено собака собак собаку щенок щенка kedi. kedim kedisi köpek köpeğ
 köpeği yavru. mama. hunden katt. valp. valpen kucing anjing قطة. قطتي كلب. كلبي कुत्ता कुत्ते बिल्ली 猫 小狗 狗狗 宠物
 三毛猫 爪とぎ 飼って 子犬 愛犬 고양이 강아지 야옹 반려견
travel: holida vacati beach. beaches island. islands crete. greece hawaii bali. tavern taverna hostel. gorge snorke
 backpac sunset. cruise souveni tropica resort campsi hiking | urlaub strand. strände stränd insel. inseln kreta.
 mallorc bucht. buchten reise. ferien. rückflu badeu bergdör vacance plage. plages île. voyage randonn camping.
 plongée vacacio playa. playas isla. islas viaje. viajes montaña crucero férias. praia. praias ilha. viagem viagens
 vacanz spiagg isola. viaggio viaggi mare. gita. vakanti huisje eiland. tersch trekkers boot. kampee reis. meivaka
 wakacj plaża plaży. morze morza wyspa podróż отпуск пляж. пляже море. море морю остров путеше поход. отдых. tatil.
 tatile plaj. deniz. kumsal ada. gezi. semest resan. resa. ön. liburan pantai إجازة شاطئ. الشاطئ سفر. جزيرة رحلة.
 छुट्टि समुद्र घूमने. यात्रा 海边 旅游 旅行 沙滩 度假 海岛 温泉 海辺 ビーチ 沖縄 여행 바다 해변 휴가 제주
food: recipe bake. baking baked bread. dough. sourdo flour. yeast. pasta. pizza. cake. cakes cookie coffee. espresso
 barista chocol garlic cheese. octopus grille sauce. tasty. delicio curry. sushi. ramen. steak. burger. soup. spices
 vinega crust. breakf brewin butter. | rezept. kochen. backen brot. teig. kuchen. lamm. käse. soße. lecker. kaffee.
 gewürz pfanne. nudeln braten recette gratin quenel sauce. crème. fromage gruyèr beurre. délice gâteau vin. poisson.
 écrevis boulang cuisson receta. paella tortill queso. salsa. sabros horno. vino. plato. delicio jamón. receita bolo.
 queijo. feijoa churra molho. delíc tempero ricetta sugo. pasta. pizza. formagg forno. ragù. gnocchi impasto recept.
 lekker. kaas. taart. bakken brood. soep. saus. przepis ciasto zupa. kotlet bułce. bułka smażyć usmażyć pierogi pyszn
 рецепт пирог. борщ. сыр. вкусн тесто. шашлык солить варень суп. блины жарить tarif. yemek. kebap. lezzet börek.
 peynir. tatlı. çorba. hamur. restora kaka. bröd. middag. kött. smaklig masakan resep. nasi. enak. sambal bakso مطعم.
 المطعم مندي. المندي لحم. لذيذ. مشاوي كباب. كنافة. الكنافة حلويات شواء. طبخ. طحينة खाना. पकवान मिठाई समोसा बिरया चटनी.
 स्वादि पनीर. 好吃 火锅 餐厅 烧烤 菜谱 味道 美食 饺子 奶茶 烤鱼 ラーメン 餃子 豚骨 味噌 チャーシュー スープ 寿司
 おいしい 美味し 料理 レシピ 替え玉 맛있 맛집 김치 라면 요리 떡볶이 치킨 레시피 고기
weather: weathe rain. raining rainy. snow. snowing sunny. sunshi thunde heatwa umbrell drizzl forecas | wetter. regen.
 regnet schnee. sonne. sonnig gewitte hitze. météo. pluie. neige. soleil. orage. lluvia. nieve. llueve calor. tormenta
 chuva. chove. neve. pioggia piove. caldo. sneeuw. weer. pogoda deszcz. śnieg. słońce погода дождь. дождя снег. жара.
 солнце yağmur güneş. hava. 天气 下雨 下雪 天気 雨が 雪が 暑い 날씨 비가 눈이 더워 طقس. الطقس مطر. मौसम बारिश. धूप.
cars: car. cars. turbo. gearbox volvo. saab. toyota bmw. mercedes horsepo motorb diesel. petrol electric-car tesla.
 convert. rims. tyre. tyres tires suv. | auto. autos motor. getriebe reifen. benzin diesel. voiture moteur. essence
 pneus. boîte. coche. coches gasolin ruedas. híbrido carro. carros macchina motore. benzina gomme. wagen. banden.
 benzine samochó silnik. opony. benzyn машина. машину двигат бензин колёса мотор. внедоро araba. arabam lastik. vites.
 bil. bilen. däck. mesin. bensin سيارة. سيارت سيارتي سيارتك محرك. بنزين. البنزين الإطارا إطارات ميكاني الهجينة دفع.
 वैगन गाड़ी. इंजन. पेट्रो टायर. 汽车 轮胎 发动机 油耗 车型 エンジン 車種 タイヤ ドライブ 자동차 엔진 타이어 휘발유
games: videog video-g playst xbox. ninten minecr zelda. fortni chess. gamer. gaming dungeon loot. speedr | videosp
 zocken zocke. gezockt jeu-vid joueur. manette videoju consola. jugador videogam videogi consol. spelcom gra. gry.
 grać. konsola игра. играть приста консоль босс. oyun. oyunu konsol. oynuyo spel. spelar permain لعبة. اللعبة ألعاب
 खेल. गेम. 游戏 打怪 关卡 手游 ゲーム ボス戦 攻略 게임 보스 무기 갑옷
sky: robot. robots sentien chatbot conscio univers galaxy galaxi alien. aliens planet. planets civilis civiliz consci
 immort afterl meaning-of singula superin overlor conspir ghosts. ghost. dreams. telepor mars. blackh | universu
 univers. galaxi außerir planet. planeten bewusst unsterb galaxie extrate planète conscien galaxia planeta. concien
 vida-ex galáxi galass pianet alieni. heelal planeet buiten. wszechś kosmos. kosmit планет вселен космос иноплан
 сознан evren. gezegen uzaylı bilinç. alien. 宇宙 外星 星球 意识 宇宙人 惑星 意識 우주 외계인 행성 كون. الكون كوكب.
 الفضاء ब्रह्मा ग्रह. एलियन
politics: governm electio ministe parliam presid voted. vote. voters politic senato democra tories. republi trump.
 biden. brexit | regieru wahl. wahlen ministe partei. politik kanzler gouvern électio ministr préside politiq députés
 gobiern eleccio polític governo eleiçõ minist elezion politic regerin verkiez politiek rząd. wybory polity sejm.
 правите выборы министр президе политик hükümet seçim. seçimi bakan. siyaset parti. valet. pemerin pemilu. 政府 选举
 总统 政治 選挙 首相 정치 선거 대통령 حكومة. الحكومة انتخاب رئيس. وزير. सरकार. चुनाव. मंत्री. राजनी
garden: tomato tomatoe courge greenh allotm seedli mushro compos fishin pumpki rosebus | tomaten gurken. beet. garten.
 pilze. angeln. gewächs tomates potager jardin champig pêche. huerto jardín setas. tomate horta. jardim. pomodor orto.
 giardin funghi. moestui tuin. paddens grzyb grzyby grzybac prawdziw podgrzy kanię. kania. pomidor ogród. działka
 дача. дачу. даче. помидо огурцы огурец огород теплиц грядк грибы. рыбалк урожай domates bahçe. mantar. balık. tomat.
 trädgår svamp. kebun. 种菜 番茄 蘑菇 钓鱼 花园 家庭菜園 トマト きのこ 釣り 텃밭 토마토 버섯 낚시 حديقة. طماطم صيد.
 टमाटर बगीचा
gadgets: keyboar keycap laptop. thinkp macboo iphone. android smartp headpho earbuds smartwa drone. gpu. linux.
 gigabyt | tastatu laptop. handy. kopfhör bildsch clavier. ordinat portabl. téléphone teclado portátil auricul
 celular. fones. tastier cuffie. toetsen koptele klawiat słuchaw клавиат ноутбу наушни смартф klavye. kulaklı telefon.
 tangent hörlur 键盘 耳机 手机 笔记本电脑 キーボード スマホ イヤホン 키보드 노트북 이어폰 لوحة. هاتف. سماعة. कीबोर्ड
 लैपटॉप
books: novel. novels author. bookclu poetry. poems. paperba fantasy. tolkien harry-p bestsell chapter. | roman. romane
 autor. autorin romans auteur. novela. libros. livro. livros romanzo autore. boeken schrijv książk powieść роман.
 книга. книгу книги автор. kitap. kitabı yazar. böcker boken novel. buku. 小说 作家 小説 漫画 소설 작가 만화 رواية.
 كتاب. उपन्या किताब.
looks: fashion sneaker dresses hairdr haircut tattoo lipstic makeup. | kleid. frisur. tattoo schminke robe. coiffur
 maquil vestido peinado tatuaje maquill cabelo. roupa. vestito capelli trucco. jurk. kapsel. sukienk fryzur платье
 причёск elbise. saç. 衣服 发型 化妆 口红 服装 髪型 化粧 ワンピース 옷을 머리를 화장 فستان. कपड़े. बाल.
body: gym. yoga. diet. dieting workout squats jogging fitnes. | abnehm diät. joggen régime. musculat dieta. gimnas
 pilates palestr academi sportsch siłown спортза диета. тренажё diyet. spor. 健身 减肥 瑜伽 ジム ダイエット 筋トレ
 헬스 다이어트 요가 رياضة. حمية. जिम. योग.
craft: knit. knitti knitte crochet yarn. wool. cardig embroid quilt. quilts sewing pottery tango. waltz. foxtrot
 ballroo salsa-d dancing origami woodwo stitch. | stricke stricks häkeln wolle. nähen. tanzen. tanzt. tango. walzer
 foxtro milonga töpfer tricot. tricote crochet danser danse. valse. tejer. ganchil bailar baile. bordar tricô. dançar
 dança. maglia. uncinet ballare danza. ballo. breien haken. dansen wol. dziergać szydełk taniec tańczy вязать вязани
 танцы. танцев танго örgü. dikiş. sticka. virka. dansa. menari. rajut. 编织 跳舞 手工 舞蹈 編み物 ダンス 踊り 手芸
 뜨개 바느질 춤을 تطريز حياكة رقص. बुनाई नृत्य.
omens: horosco zodiac star-sig astrolo virgo. leo. scorpio taurus aquariu ghost. ghosts haunted supersti fortune-t
 tarot. psychic. nightma dreamt dreamed reincar | horosko sternze sternbi skorpio aberglau gespens spukt. träumte
 geträum tarot. fantôme rêvé. astrolo fantasma horósco zodiac escorpi soñé. sueños. assombr sonhei. orosco sognato
 fantasm oroscoop sterrenb spook. spoken. droom. horosk zodiak duchy. sennik śniło. гороск зодиак приснил снилос
 вещие. сны. примет призра burç. burcu burcun rüya. rüyamda hayalet spöke. drömde hantu. mimpi. 星座 天蝎 双子座 巨蟹
 处女座 狮子座 白羊座 桃花运 做梦 算命 占い 幽霊 夢を 血液型 牡羊座 獅子座 乙女座 별자리 운세 꿈을 귀신 혈액형 أبراج.
 برج. حلمت. أشباح राशिफल सपना. भूत.
family: wedding bride. brides bridesm groom. married honeymo fiancé. fiance. newborn grandda grandso grandch grandpa
 grandma pregnan babysh divorce girlfri boyfrie crush. tinder. gossip | hochzei braut. geheirat heirate enkel. enkelin
 enkelk schwange verlobt verlieb freundin oma. opa. baby. mariage mariée. mariés grand-p grand-m enceint bébé. petit-f
 landau. fiancé boda. bodas casado. casada. casó. embaraz nieto. nieta. nietos novia. novio. abuela. abuelo. bebé.
 casamen noivo. noiva. grávida neto. neta. netos namorad matrimo sposa. sposato sposata nipotin incinta fidanza nonna.
 bimba. bruiloft getrouwd zwanger kleinki kleindoc kleinzo verloofd ślub. ślubie wesele. wnuk. wnuki. wnuków wnuczka
 ciąży. babcia свадьба свадьбу свадьбе невест жених внук. внучка внуки. беремен замуж. женился düğün. düğünü gelin.
 damat. torun. torunum hamile. nişan. bröllop barnbarn gravid. förälsk pernika hamil. cucu. pacar. 婚礼 结婚 男友 女友
 怀孕 孙子 孙女 恋爱 前男友 相亲 結婚 孫が 彼氏 彼女 妊娠 恋人 赤ちゃん 결혼 손주 남자친구 여자친구 임신 연애 زفاف.
 عرس. خطوبة حفيد. حفيدي حامل. शादी. दुल्हन पोता. पोती. प्रेमिका
past: medieva pharaoh pyramid dinosau caesar. emperor gladiat roman. romans senate. legions viking. vikings napoleo |
 mittelal pharao pyramid dinosau kaiser. römer. wiking. moyen-âg pharaon empereu romains faraón. faraone emperador
 romanos faraó. imperad imperat keizer. romeine farao. faraon cesarz dinozau фараон импера римлян диноза firavun
 imparat dinozor vikinga 恐龙 皇帝 法老 古罗马 恐竜 戦国 공룡 황제 فرعون. डायनास सम्राट.
"""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_ARABIC = re.compile(r"^[وفبلك]?ال")


@cache
def _subjects(english: bool) -> tuple[dict[str, str], dict[str, str], dict[str, str], re.Pattern[str]]:
    """Return subjects by the beginning of a word, by the whole word, and by what is found inside unspaced text."""
    begins: dict[str, str] = {}
    whole: dict[str, str] = {}
    inside: dict[str, str] = {}
    for line in _SUBJECTS.strip().replace("\n ", " ").splitlines():
        name, words = line.split(":", 1)
        for word in words.split("|")[0 if english else 1].split():
            if _UNSPACED.search(word):
                inside.setdefault(word.rstrip("."), name)
            elif word.endswith("."):
                whole.setdefault(folded(word[:-1]), name)
            else:
                begins.setdefault(folded(word), name)
    found = "|".join(sorted(map(re.escape, inside), key=lambda word: (-len(word), word)))
    return begins, whole, inside, re.compile(found or r"(?!)")


def heard(reading: Reading, english: bool, little: Set[str]) -> dict[str, str]:
    """Return the words of a turn that belong to a subject, with the subject; little words belong to none."""
    begins, whole, inside, pattern = _subjects(english)
    if reading.unspaced:
        return {match.group(): inside[match.group()] for match in pattern.finditer(reading.low)}
    found = {}
    for stem in set(reading.stems) - little:
        for word in (stem, _ARABIC.sub("", stem)) if "ا" in stem else (stem,):
            subject = whole.get(word)
            # The longest beginning first; shorter ones than four letters say too little.
            starts = (word[:end] for end in range(len(word), 3, -1))
            subject = subject or next((begins[start] for start in starts if start in begins), None)
            if subject:
                found[stem] = subject
                break
    return found
