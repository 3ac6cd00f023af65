"""How positive or negative English text is, by the words in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import partial
from typing import Literal

import polars as pl
from pydantic import Field

from transforms.core.columns import TextColumn, taken
from transforms.core.distinct import over_distinct
from transforms.core.errors import Problem
from transforms.core.transform import Example, RowTransform, Transform

Score = Literal["compound", "positive", "negative", "neutral"]

LEXICON: dict[int, str] = {
    3: """
amazing awesome best brilliant delicious delighted excellent exceptional extraordinary fabulous fantastic flawless
incredible love loved loves magnificent marvellous marvelous masterpiece outstanding perfect perfectly phenomenal
remarkable spectacular splendid stunning superb terrific thrilled wonderful wonderfully
""",
    2: """
adore attractive awarded beautiful beautifully beneficial bless blessed celebrate charming cheerful comfortable
congratulations courteous cozy dependable efficient elegant enjoy enjoyable enjoyed enjoying entertaining enthusiastic
excited exciting favorite favourite flavorful friendly fun generous gentle glad good gorgeous grateful great greatest
happiness happy healthy helpful honest impressed impressive improved improvement inspiring joy kind likable lively
lovely lucky nice outgoing peaceful pleasant pleased pleasure popular praise pride promising prompt proud recommend
recommended refreshing reliable respectful satisfied satisfying smile smooth smoothly success successful successfully
superior supportive sweet talented tasty thank thankful thanks trusted trustworthy valuable warm welcome welcoming win
winner winning won worthwhile worthy yummy
""",
    1: """
accept accepted accurate advantage affordable agree agreed approved assured available balanced better bright calm
capable careful clean clear clearly convenient cool correct cute decent eager easily easy effective encourage fair
fast fine fixed flexible free fresh funny gain gained growth hope hopeful hoping ideal interested interesting liked
likes lol modern neat ok okay opportunity patient polite positive possible prefer profit quick quickly quiet ready
reasonable relax relaxed relaxing relief resolved responsive rich safe secure solid solved spacious stable strong
support sure tidy trust useful well wise wow yes
""",
    -1: """
absent alarm argue avoid awkward blame bland bored boring careless complain complained complaint complaints complex
concern concerned concerns confused confusing costly crowded damp decline declined delay delayed delays difficult
dirty disagree doubt dropped dull dusty empty excuse expensive forgot fuss hard hesitant hurt ignore ignored
inaccurate incomplete inconvenient irrelevant issue issues lack lacked lacking late lengthy limited lonely loose loss
lost mediocre mess messy miss missed missing mistake mistakes noise noisy odd outdated overdue overpriced problem
problems refuse refused reject rejected risk risky sad sadly shortage slow slowly smelly sorry stale stopped strange
stress stressful stuck tired tough trouble uncertain unclear uncomfortable unexpected unfortunately unhelpful unsure
unusual wait waited waiting warning weak weird worn worried worry
""",
    -2: """
abandoned afraid aggressive angry annoyed annoying anxious arrogant ashamed bad badly bankrupt bitter broke broken
cheat clumsy collapse condescending crash crashed crime crisis cruel cry crying damage damaged danger dangerous dead
death defect defective denied depressed depressing deserve desperate destroyed disappointed disappointing
disappointment dishonest dislike disrespectful error errors fail failed failing fails failure fake fault faulty fear
fired flawed fool fraud frustrated frustrating frustration guilty harm harmful hopeless hostile illegal impatient
impolite impossible incompetent inedible inferior insult insulting junk lied lies lousy mad misleading negative
neglect neglected nonsense pain painful panic pathetic poor poorly punish rage regret ridiculous rotten rude ruin
ruined scared scary shame shouting spoiled steal stink stinks stole stolen stupid suffer suffered suffering suspicious
terrified threat tragic ugly unacceptable unfair unfriendly unhappy unprofessional unreliable unsafe upset useless
violent waste wasted worse worthless wrong
""",
    -3: """
abuse abusive appalling atrocious awful catastrophe catastrophic despicable despise detest disaster disastrous
disgrace disgraceful disgusted disgusting dreadful evil filthy gross hate hated hates hideous horrendous horrible
horribly horrific horrified killed liar loathe miserable murder nasty nightmare outrageous poison repulsive revolting
scam shocking sickening terrible terribly toxic traumatic vile war worst
""",
}
"""English words by how they are mostly meant, from -3 (very bad) to 3 (very good); chosen for this project."""
VALENCES = {word: valence for valence, words in LEXICON.items() for word in words.split()}
NEGATIONS = "not no never none nobody nothing nowhere neither nor cannot without hardly barely scarcely rarely seldom"
NEGATING = frozenset(NEGATIONS.split())
BOOSTERS = {
    1.3: "absolutely completely deeply especially exceptionally extremely highly hugely incredibly really remarkably "
    "so super too totally truly utterly very",
    0.7: "bit fairly kinda little partly quite rather slightly somewhat sorta",
}
"""Words by what a word after them is multiplied."""
FACTORS = {word: factor for factor, words in BOOSTERS.items() for word in words.split()}
WORD = r"\w+(?:'\w+)*"
CLAUSE_END = re.compile(r"[.,;:!?()\n]+|\bbut\b")
BEFORE = 3
"""So many words before a word are looked at for negations and boosters."""
NEGATED = -0.74
"""By what a negated word is multiplied: "not great" is bad, but less so than "great" is good (Hutto, Gilbert 2014)."""
SPREAD = 15
"""How slowly the compound score comes near to 1, as in the same paper."""


class SentimentScore(RowTransform):
    """Score how positive or negative English text is, by the words in it and what stands before them.

    A small list of about 500 words of ours; words that are not in it, other languages and irony go unnoticed.
    """

    id = "sentiment_score"
    title = "Sentiment score (English)"
    terms = ("opinion mining", "polarity", "positive or negative", "tone of text", "vader", "mood")
    missing = "Missing values stay missing; text without a word is 0 in all scores."
    examples = (
        Example(
            params={"column": "review"},
            before={"review": ["Great food!", "The food was not good.", "We had lunch.", "", None]},
            after={
                "review": ["Great food!", "The food was not good.", "We had lunch.", "", None],
                "review_compound": [0.4588, -0.357, 0.0, 0.0, None],
            },
        ),
        Example(
            params={"column": "review", "scores": ["positive", "negative", "neutral"]},
            before={"review": ["Kind staff, awful room", None]},
            after={
                "review": ["Kind staff, awful room", None],
                "review_positive": [0.25, None],
                "review_negative": [0.25, None],
                "review_neutral": [0.5, None],
            },
        ),
    )

    column: TextColumn
    """Column to score; its text has to be English."""
    scores: tuple[Score, ...] = Field(("compound",), min_length=1)
    """What to make columns of. Compound is the whole: -1 (very bad) to 1 (very good). Positive, negative and neutral
    are shares of the words."""
    prefix: str | None = None
    """New columns are named with this and the score; left empty, with the column's name and ``_``."""

    def _name(self, score: Score) -> str:
        return f"{self.column}_{score}" if self.prefix is None else f"{self.prefix}{score}"

    def check(self, *schemas: pl.Schema) -> Iterator[Problem]:
        for each in self.scores:
            yield from taken(self._name(each), schemas[0], "prefix")

    def exprs(self) -> Iterator[pl.Expr]:
        text = self.present(self.column).cast(pl.String)
        for each in dict.fromkeys(self.scores):
            yield over_distinct(text, partial(score, kind=each), pl.Float64()).alias(self._name(each))


def score(text: str, kind: Score) -> float:
    """One of the scores of a text."""
    return scored(text)[kind]


def scored(text: str) -> dict[Score, float]:
    """The scores of a text, to four digits."""
    # What stands before a comma says nothing of what comes after it: "no, it was good".
    clauses = [re.findall(WORD, each) for each in CLAUSE_END.split(text.lower().replace("’", "'"))]
    valences = [_valence(words, i) for words in clauses for i in range(len(words))]
    total, count = sum(valences), len(valences) or 1
    positive, negative = (sum(1 for each in valences if each * sign > 0) / count for sign in (1, -1))
    scores: dict[Score, float] = {
        "compound": total / math.sqrt(total * total + SPREAD),
        "positive": positive,
        "negative": negative,
        "neutral": (1 - positive - negative) if valences else 0.0,
    }
    return {name: round(value, 4) for name, value in scores.items()}


def _valence(words: list[str], place: int) -> float:
    """What a word counts, by what stands before it."""
    valence: float = VALENCES.get(words[place], 0)
    if valence:
        before = words[max(place - BEFORE, 0) : place]
        valence *= math.prod(FACTORS.get(each, 1) for each in before)
        if any(each in NEGATING or each.endswith("n't") for each in before):
            valence *= NEGATED
    return valence


TRANSFORMS: tuple[type[Transform], ...] = (SentimentScore,)
