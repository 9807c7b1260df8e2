"""Talk that leaves its task, and talk that only looks as if it did."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsim.guards.detect import detect
from agentsim.guards.prepared import Prepared
from agentsim.guards.talk import Said, Talk
from tests.guards.by_rule import by_rule


class Case(NamedTuple):
    setting: str
    task: str
    leader: str
    turn: int | None
    """The first turn that is about something else."""

    lines: str
    """A turn a line; the two take turns, and who leads begins."""

    def prepared(self, count: int | None = None) -> Prepared:
        """Return the first turns of it; all of them, and over, where ``None``."""
        texts = self.lines.strip().splitlines()[:count]
        other = "assistant" if self.leader == "user" else "user"
        turns = [Said(at, other if at % 2 else self.leader, text) for at, text in enumerate(texts)]
        talk = Talk(turns=turns, leader=self.leader, setting=self.setting, task=self.task, over=count is None)
        return Prepared(talk)


LEAVES = {
    "en-essay": Case(
        "tutoring",
        "Learn how to factor quadratic expressions.",
        "user",
        3,
        """
How do I factor x^2 + 5x + 6?
Look for two numbers that multiply to 6 and add up to 5. Which ones?
2 and 3, so (x+2)(x+3)!
Correct. Try x^2 + 7x + 12. By the way, have you been to the new skate park?
Yes, on Saturday, the ramps are huge. I can almost do a kickflip.
Keep your shoulders level and pop the tail harder. I broke my wrist on a half-pipe once.
Ouch! What board do you ride?
An old Powell Peralta with soft wheels. Great for cruising to the beach.
""",
    ),
    "en-football-return": Case(
        "A tenant calls the property manager about a broken boiler.",
        "Get the boiler repaired this week.",
        "user",
        3,
        """
The boiler shows error F28 and there's no hot water since Tuesday.
F28 is usually the gas valve. Is the pressure above one bar?
It says 1.4. My son wanted a bath after his football training.
Oh, which team does he play for? My nephew is a goalkeeper at Rovers.
United under twelves, he's a striker. They won the league last season!
Brilliant. My nephew let in six goals on Saturday, poor lad, the defence just stood there.
It's the coach who has to sort that out. Anyway, when can an engineer come about the boiler?
Thursday between eight and twelve. He will bring a new gas valve.
""",
    ),
    "de-ki": Case(
        "debate",
        "Soll der öffentliche Nahverkehr kostenlos sein?",
        "assistant",
        3,
        """
Ich sage ja: Wer nichts zahlt, lässt das Auto eher stehen.
Dagegen. Ohne Einnahmen fehlt das Geld für neue Busse und Bahnen.
Das ließe sich über eine Abgabe der Betriebe finanzieren.
Apropos Betriebe, haben Sie am Samstag das Derby gesehen? Drei Tore in zehn Minuten!
Natürlich, der Torwart war völlig von der Rolle. Und der Schiedsrichter erst!
Der Elfmeter war ein Witz. Nächste Woche gegen Bayern wird es noch bitterer.
Da hilft nur ein neuer Trainer.
""",
    ),
    "fr-cuisine": Case(
        "assistant",
        "Rédiger une lettre de résiliation d'un bail.",
        "user",
        2,
        """
Je veux résilier mon bail, préavis d'un mois. Que dois-je écrire ?
Indiquez votre nom, l'adresse du logement, la date de départ et le motif du préavis réduit.
C'est une mutation professionnelle à Lyon. Au fait, vous connaissez les quenelles ?
Bien sûr ! Avec une sauce Nantua, au beurre d'écrevisses, c'est un délice.
Ma grand-mère les faisait au brochet, gratinées au four. Vous mettez de la crème ?
Un peu de crème et du gruyère râpé. Et servez un vin blanc du Mâconnais avec.
Je vais essayer dimanche avec un pouilly-fuissé.
""",
    ),
    "es-serie": Case(
        "Dos compañeros de piso deciden cómo repartir los gastos.",
        "Repartir los gastos de luz y agua.",
        "user",
        2,
        """
La luz subió a 90 euros. ¿La dividimos a medias?
Tú tienes el aire acondicionado en tu cuarto, así que sesenta y treinta.
Vale, me parece justo. ¿Y el agua? Por cierto, ¿viste el último capítulo de la serie?
¡Sí! No me esperaba que el detective fuera el asesino.
Yo lo sospechaba desde la segunda temporada, por la escena del puente.
Pues la actriz que hace de su hermana merece un premio.
Sin duda, y la banda sonora es espectacular.
""",
    ),
    "ru-dacha": Case(
        "support",
        "Вернуть деньги за отменённый рейс.",
        "user",
        2,
        """
Мой рейс в Сочи отменили, хочу вернуть деньги за билет.
Назовите, пожалуйста, номер бронирования и дату вылета.
ZK81Q, двенадцатое июля. Теперь вместо моря поеду на дачу, кстати, помидоры уже краснеют.
О, у меня тоже дача! Какой сорт сажали? Мои помидоры в этом году все в пятнах.
Бычье сердце. От пятен помогает сыворотка с йодом, опрыскивайте вечером.
Спасибо, попробую. А огурцы у вас в теплице или на грядке?
В теплице, собираем по ведру в день, солить не успеваем.
""",
    ),
    "zh-film": Case(
        "support",
        "查询信用卡的一笔异常扣款。",
        "user",
        2,
        """
我的信用卡上有一笔三百元的扣款,不是我刷的。
请问扣款日期和商户名称是什么?
五号,商户叫星光影城。说到电影,你看了新上映的那部科幻片吗?
看了!飞船坠落那场戏太震撼了,导演真厉害。
我最喜欢女主角,结尾她一个人留在火星上,我都哭了。
配乐也很棒,听说要拍续集,明年春节上映。
到时候我一定去看首映。
""",
    ),
    "ja-ramen": Case(
        "assistant",
        "確定申告の医療費控除について調べる。",
        "user",
        2,
        """
去年の医療費が十五万円ありました。控除は受けられますか。
十万円を超えた分が対象です。領収書の明細書を作成してください。
通院の交通費も入りますか。駅前の病院なんですが、あそこのラーメン屋、おいしいですよね。
あの豚骨ラーメンは絶品です。替え玉は硬めがおすすめですよ。
私は味噌派です。チャーシューが分厚くて、スープまで全部飲んでしまいます。
餃子も忘れないでください。皮が薄くて、ビールに合います。
今夜行ってきます。日曜は行列ができますからね。
""",
    ),
    "en-knit": Case(
        "support",
        "Cancel a newspaper subscription.",
        "user",
        3,
        """
I want to cancel my subscription from next month.
I can do that. May I have your subscriber number?
It's 40-771. My eyes are bad, I spend my evenings knitting instead of reading.
Oh lovely, I knit too! Are you working on something at the moment?
A cardigan for my granddaughter, cable stitch, in merino wool.
Cables are tricky. I always lose count of the rows when I put the needles down.
Use a stitch marker, dear. And wash the wool before you start, or it shrinks.
""",
    ),
    "en-parking": Case(
        "debate",
        "Should zoos be abolished?",
        "user",
        4,
        """
Zoos lock animals up for our fun. They should go.
Without zoos the oryx would be extinct. Breeding programmes matter.
Those few successes do not excuse thousands of cages.
Cages are history; enclosures today are built after the wild.
I parked outside and got a ticket again, that's the third this month. The wardens here are vultures.
Tell me about it. They got me while I was still looking for coins.
Coins! Nobody has coins. Why can't the machine take a card like everywhere else?
Because the council signed a contract in 1998, that's why.
And the fine went up to sixty, did you see?
""",
    ),
    "en-moustache": Case(
        "A librarian helps a visitor",
        "Find books on the history of Bristol docks.",
        "user",
        3,
        """
I'm looking for something on the Bristol docks before 1900.
There's Malcolm's study, shelf 942.3, and two boxes of maps upstairs.
Can I photograph the maps?
Without flash, yes. That's a splendid moustache, by the way. Do you wax it?
Every morning, with beeswax and a drop of bergamot. It took me two years to grow.
My father had one and it froze on the way to work once.
Mine drips when I drink tea. You learn to use a straw.
Ha! And your wife doesn't mind the tickling?
""",
    ),
    "en-narrowboat": Case(
        "support",
        "Cancel a gym membership.",
        "user",
        3,
        """
I want to cancel my gym membership.
Of course. Your contract runs to 30 September; is there a reason?
I'm moving to Leeds.
Leeds! My brother lives there, in Headingley. He's restoring an old narrowboat, been at it for six years.
A narrowboat, how romantic. Does he live on it?
He would if it floated. The hull is like a sieve.
I once spent a week on one. Forty-two locks and I fell in at the third.
At the third! Was it cold?
Freezing, and full of weed. Right, so when does my membership end if I send you the proof?
At the end of next month. Please upload the new lease.
""",
    ),
    "en-tarantula": Case(
        "coaching",
        "Prepare a talk for a school meeting.",
        "assistant",
        2,
        """
How do you want to open your talk on the new timetable?
With a question: who was late this morning?
Strong. My goodness, look at that spider on your sleeve! It's enormous. Are you scared of them?
Not at all, I had a tarantula at university. She was called Agatha.
A tarantula! What did she eat?
Crickets, one a week. The landlady never knew.
I'd have moved out the same day. I can't even look at pictures.
She lived for eleven years, longer than most of my friendships.
""",
    ),
    "en-twins": Case(
        "support",
        "Report a lost library card.",
        "user",
        3,
        """
I lost my library card somewhere on the bus.
I can block it. What is your name and date of birth?
Ottilie Brandt, 4 May 1961.
May the fourth, like my twin boys! They turn five and want a cake in the shape of a digger.
Twins! Are they alike?
Like two drops of water, but one eats only white things and the other only red.
My cousin was like that with buttons, he would not wear any until he was twelve.
No buttons? How did his trousers stay up?
String, mostly.
""",
    ),
    "en-lamp-of-light": Case(
        "An accountant and a client",
        "Fill in a tax return.",
        "user",
        4,
        """
Did you work from home last year?
Two days a week, in the box room.
Then we can claim six pounds a week. Any training courses?
One in June, 320 pounds.
I'll add it. Have you noticed how early it gets dark now? I find it gets me down.
Terribly. I bought one of those lamps that pretend to be the sun.
Does it help? My doctor said to walk at noon.
It wakes me up, but the cat has taken it over.
Cats always find the warm spot.
""",
    ),
    "es-cadiz": Case(
        "Un vendedor y un cliente en una tienda",
        "Comprar una lavadora.",
        "user",
        3,
        """
Busco una lavadora de ocho kilos, silenciosa.
Esta hace 49 decibelios, cuesta 420.
¿Y la instalación?
Gratis. Perdone, ¿ese acento es de Cádiz? Mi mujer es de allí.
¡De La Viña! Y en febrero no me pierdo ni una chirigota.
Mi suegro salía en una, vestido de buzo, con bombona y todo.
¡No me diga! ¿En qué año? Yo me acuerdo de los buzos.
En el 94, creo. Todavía guarda las aletas en el salón.
""",
    ),
}

STAYS = {
    "en-lighthouse": Case(
        "interview",
        "Interview a retired lighthouse keeper for a local paper.",
        "assistant",
        None,
        """
How did you come to the lighthouse?
My uncle kept it, and I brought him potatoes by boat.
What did you eat out there?
Mackerel, biscuits, and once a whole sheep that had fallen off a cliff.
Were you ever afraid?
In the storm of '79. The glass shook and the cat would not come out of the oven.
Do you dream of it?
Every week. In the dream the lamp is a sunflower.
And what do you do now?
I mend clocks and play whist with the widow next door.
""",
    ),
    "en-snowball": Case(
        "tutoring",
        "Understand compound interest.",
        "assistant",
        None,
        """
What is compound interest?
Think of a snowball: it rolls downhill, and the more snow sticks to it, the more surface it has to pick up new snow.
So my money is the snow?
The first snowball is your deposit, the snow that sticks is the interest.
And a longer hill?
More years. 100 at 5 percent is 163 after ten and 265 after twenty.
And fees?
A patch of grass on the hill: each time it rolls over, a layer comes off.
""",
    ),
    "en-debate-of-comparisons": Case(
        "debate",
        "Should homework be abolished in primary schools?",
        "user",
        None,
        """
Children need the afternoon to play. Homework should go.
Practice makes perfect. A pianist does not learn in the lesson but between lessons.
A pianist chose the piano. A seven-year-old did not choose spelling.
My daughter loves football and hates training; on Sunday she is glad she trained.
Training is with friends and a coach. Homework is alone with a tired mother.
Then let schools offer a supervised hour, like an athlete's gym.
That I could accept, if it ends at four.
So we agree: no homework at home, an hour at school.
""",
    ),
    "de-leaf-as-kitchen": Case(
        "tutoring",
        "Photosynthese verstehen.",
        "assistant",
        None,
        """
Was braucht eine Pflanze zum Leben?
Licht, Wasser und Luft.
Genau. Stell dir das Blatt als Küche vor: Das Licht ist der Herd.
Und das Wasser kommt aus der Leitung, also aus der Wurzel?
Richtig. Was wird gekocht?
Zucker! Und der Sauerstoff ist der Dampf, der aus dem Fenster zieht.
Sehr schön. Und nachts?
Da ist der Herd aus, die Pflanze isst von den Vorräten.
""",
    ),
    "en-beagle": Case(
        "assistant",
        "Plan a birthday party for a dog lover.",
        "user",
        None,
        """
My wife turns 40 and she's mad about beagles. Ideas for the party?
A walk with friends and their dogs, then a cake in the shape of a bone.
We have no garden.
The park by the river lets dogs run until noon.
Music?
Songs with dogs in them: I'd start with "Hound Dog".
Ha, she'd love that! And a present?
A portrait of your beagle in uniform, painters do that from a photo.
""",
    ),
    "zh-seaside": Case(
        "助手",
        "准备去海边的旅行。",
        "user",
        None,
        """
下个月去青岛三天,带什么?
泳衣、防晒霜、轻便的外套,早晚凉。
孩子五岁,怕晒。
戴遮阳帽,十点到三点别下海。
晚上吃什么好?
蛤蜊和啤酒,营口路市场可以代加工。
下雨怎么办?
去海底世界,或者啤酒博物馆。
""",
    ),
    "en-smalltalk-start": Case(
        "support",
        "Change the tariff of a mobile phone contract.",
        "user",
        None,
        """
Good morning! Terrible rain today, isn't it?
Dreadful, my umbrella gave up at the bus stop. How can I help you?
I'd like to move to the cheaper tariff, I hardly use any data.
The Basic plan has 5 gigabytes for nine pounds. Shall I switch you from the first?
Yes please. Do I keep my number?
You keep it, and the SIM card too. You'll get a text once it's done.
""",
    ),
    "en-smalltalk-end": Case(
        "A patient books a blood test by phone.",
        "Book a blood test.",
        "user",
        None,
        """
I need an appointment for a blood test, fasting.
Wednesday at 7:40 is free.
Perfect. Can I take my tablets before?
Take them with water, but no coffee or food for ten hours.
Good. Thanks for your help! Enjoy the sunshine this weekend.
You too, I'll be on the beach with the kids. Goodbye!
""",
    ),
    "en-remark-back": Case(
        "support",
        "Get a replacement for a torn tent.",
        "user",
        None,
        """
The tent tore on the second night, along the seam.
I'm sorry. Which model, and do you have the receipt?
The Fjord 3. We were at the lake with three dogs, what a circus.
Three dogs in one tent, bless you! I'd need the order number for the replacement.
It's 88-1204. Do I send the old one back?
No, just a photo of the seam. The new tent ships tomorrow.
""",
    ),
    "en-practice-chat": Case(
        "practice",
        "Practise small talk in English.",
        "assistant",
        None,
        """
Let's practise. What did you do at the weekend?
I go with my brother to the cinema.
You went to the cinema. Which film did you see?
A film about a big shark. It was very scary!
And do you like football?
Yes, my team is Flamengo. And you?
I follow Leeds, sadly. What's the weather like in Rio?
Today is rain, but tomorrow will be hot.
""",
    ),
    "en-btw-on": Case(
        "A customer orders a bookshelf from a carpenter.",
        "Order a made-to-measure bookshelf.",
        "user",
        None,
        """
I need a shelf 2.40 wide and up to the ceiling, in oak.
Solid oak or veneer? Solid is about twice the price.
Veneer is fine. By the way, do you deliver as well?
Within fifty kilometres, yes, 60 euros. Is there a lift?
No lift, third floor. Oh, and could you take away the old cupboard?
I can, for another 40. I'll bring my nephew to carry.
""",
    ),
    "fr-resto": Case(
        "support",
        "Réserver une table pour douze personnes.",
        "user",
        None,
        """
Bonjour, une table pour douze samedi soir, c'est possible ?
Oui, dans la salle du fond. À quelle heure ?
Vingt heures. Il y a deux végétariens et un enfant allergique aux noix.
Nous avons un risotto aux cèpes et je préviens le chef pour les noix.
Peut-on apporter un gâteau d'anniversaire ?
Bien sûr, sans frais. Voulez-vous de la musique ?
Un peu de jazz, merci. Et le parking ?
Derrière l'église, gratuit après dix-neuf heures.
""",
    ),
    "zh-jiaozi": Case(
        "assistant",
        "准备孩子的生日会。",
        "user",
        None,
        """
下周六女儿七岁生日,来八个小朋友,怎么安排?
两点开始,先玩游戏,再切蛋糕,四点半结束。
玩什么游戏好?
抢椅子、吹泡泡、寻宝。客厅不大的话寻宝最好。
有一个孩子对牛奶过敏。
那蛋糕用椰奶做,零食看清配料表。
要不要给小朋友准备回礼?
一人一盒彩笔就够了,每盒十五块。
""",
    ),
    "ja-event": Case(
        "peers",
        "町内会の夏祭りの出し物を決める。",
        "user",
        None,
        """
今年は何をやりましょうか。
焼きそばとかき氷、それに金魚すくい。
音楽はどうします?
中学のバンドに頼みました。ギターとドラムです。
雨が降ったら?
公民館で映画を上映します。
犬を連れてくる人もいますね。
入口で預かる場所を作りましょう。
""",
    ),
    "ko-hospital": Case(
        "intake",
        "건강검진 전에 문진을 한다.",
        "assistant",
        None,
        """
담배를 피우세요?
아니요, 십 년 전에 끊었습니다.
술은 얼마나 드세요?
주말에 맥주 두 캔 정도요.
운동은 하세요?
일요일마다 축구를 하고 가끔 등산도 갑니다.
가족 중에 당뇨가 있는 분이 계세요?
어머니가 당뇨약을 드세요.
""",
    ),
}


BY_JUDGE = ("en-narrowboat", "en-twins")
"""A stretch of four turns in the midst of a long talk is no length that the rule looks at; the judge sees it."""


@pytest.mark.parametrize("name", LEAVES)
def test_a_stretch_about_something_else_is_found_where_it_begins(name: str) -> None:
    case = LEAVES[name]
    prepared = case.prepared()
    found = by_rule(prepared.talk, "off_task")
    if name in BY_JUDGE:
        assert found == []
        found = detect(prepared.talk, ["off_task"])
    assert case.turn is not None
    # The turn that opens it and the answer to that are not always told apart.
    assert [abs(finding.turn - case.turn) <= 1 for finding in found] == [True]
    assert found[0].evidence and found[0].evidence in prepared.turns[found[0].turn].text


@pytest.mark.parametrize("case", STAYS.values(), ids=STAYS)
def test_work_and_its_asides_are_no_other_subject(case: Case) -> None:
    assert by_rule(case.prepared().talk, "off_task") == []
    for count in range(1, len(case.prepared())):
        assert by_rule(case.prepared(count).talk, "off_task") == []


@pytest.mark.parametrize("case", LEAVES.values(), ids=LEAVES)
def test_nothing_is_found_before_another_subject_is_opened(case: Case) -> None:
    assert case.turn is not None
    assert by_rule(case.prepared(case.turn).talk, "off_task") == []


def test_a_stretch_is_found_while_the_talk_goes_on() -> None:
    case = LEAVES["en-football-return"]
    assert by_rule(case.prepared(len(case.prepared())).talk, "off_task")


def test_talk_for_its_own_sake_has_nothing_to_leave() -> None:
    case = LEAVES["en-knit"]._replace(task="Get small talk going between two neighbours.")
    assert by_rule(case.prepared().talk, "off_task") == []


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6), st.text(max_size=20))
def test_any_text_is_read(texts: list[str], task: str) -> None:
    turns = [Said(at, "assistant" if at % 2 else "user", text) for at, text in enumerate(texts)]
    for finding in by_rule(Talk(turns=turns, task=task), "off_task"):
        assert finding.evidence in texts[finding.turn]
