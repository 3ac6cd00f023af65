"""Words that mean the same, words that mean nothing, and words that stand for numbers."""

from __future__ import annotations

import re

CONTRACTIONS = {
    "isn't": "is not", "aren't": "are not", "wasn't": "is not", "don't": "do not", "doesn't": "does not",
    "didn't": "did not", "can't": "can not", "let's": "let us", "what's": "what is", "i'd": "i would", "it's": "it is",
    "haven't": "have not", "hasn't": "has not", "won't": "will not",
}  # fmt: skip

NUMBERS = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100, "thousand": 1000,
}  # fmt: skip

SHARES = {"half": 0.5, "a third": 1 / 3, "a quarter": 0.25, "a fifth": 0.2, "a tenth": 0.1}

_FILLERS = """
the a an please my our your this these that those i we you us want would like need could can should will let values
value kindly help me just simply also now so ok okay hey hi well data dataset table there do does did go ahead make
sure be been being have has had got they were was some actually basically column columns field fields variable
variables feature features attribute attributes col cols any very really whichever every each any both respective
respectively thanks thank currently whole entire s original
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that can be left out without changing what is asked for, where no pattern uses them."""

SYNONYMS = """
drop :: remove, delete, get rid of, discard, throw away, throw out, eliminate, exclude, filter out, take out, erase,
    dump, omit, ditch, leave out, cut out, strip out, weed out, kick out, toss, purge, removing, deleting, dropping,
    dropped, removed, lose, clear out
keep :: retain, keep only, only keep, just keep, leave only, filter to, filter for, filter on, restrict to, limit
    to, narrow to, narrow down to, subset to, select only, only select, preserve, keep just, keep all, filter rows
    where
filter :: filtering, subset
replace :: substitute, swap, replacing, recode, overwrite, change every, change all
change :: changing, alter, modify
convert :: converting, cast, coerce, parse, turn, transform, retype
fill :: impute, fillna, fill in, fill up, filling, imputing, plug, fill na, fill missing in
missing :: null, nulls, na, nan, nans, n a, blank, blanks, empty, gaps, missing values, missing value, null values,
    empty values, blank values, not available, missing data, missings, missing entries, holes, empty cells, blank
    cells, missing cells, na values, nan values, unknown values, nas, null value, absent
mean :: average, avg, averages, means, on average, mean value, average value
median :: medians, median value, middle value, med
mode :: most common, most frequent, most common value, most frequent value, modal value, majority value
sum :: total, totals, sum of, total of, sums
min :: minimum, smallest, lowest, least, cheapest, minimal, earliest, shortest, min value
max :: maximum, largest, highest, greatest, biggest, most expensive, maximal, latest, longest, max value
std :: standard deviation, stdev, stddev, sd, standard deviations, std dev, sigma, sigmas
var :: variance
count of :: number of, how many, counts of, amount of
count :: counts, counting, frequency, frequencies
unique :: distinct, different, uniques, unique values, distinct values, different values, unique value
desc :: descending, largest first, highest first, biggest first, decreasing, high to low, greatest first, from high
    to low, newest first, latest first, largest to smallest, from largest to smallest, max first, in descending
    order, in decreasing order, descending order, highest to lowest, from highest to lowest, z to a, most recent
    first, z a, reverse order, in reverse
asc :: ascending, smallest first, lowest first, increasing, low to high, from low to high, alphabetically, oldest
    first, in ascending order, in increasing order, ascending order, lowest to highest, a to z, smallest to largest,
    from smallest to largest, earliest first, min first, alphabetical order, in alphabetical order
sort :: order by, sort by, sorted by, ordered by, arrange by, sort rows by, arrange, sorting, sorted, order rows by,
    sort on, order the rows by
rows :: row, records, record, entries, entry, observations, observation, instances, lines, examples, cases, people,
    everyone, everybody, anyone, persons, passengers, passenger, customers, customer, clients, users, flights,
    loans, orders, products, items, transactions, patients, employees, students, houses, borrowers, samples, ones,
    tuples, all rows, women and men
duplicates :: duplicate rows, duplicated rows, repeated rows, duplicate, duplicated, repeated, dupes, repeats,
    duplicate entries, duplicate records, duplicated records
dedupe :: deduplicate, dedup, de duplicate, drop duplicates
outliers :: outlier, extreme, extremes, extreme values, anomalies, anomalous values
rename :: relabel, renaming
scale :: rescale, scaling, rescaling, scaled
normalize :: normalise, normalizing, normalising
standardize :: standardise, standardizing, standardising, z score, zscore, standardscaler, standard scale, standard
    scaler, z normalize, standard scaling
minmax :: min max, minmaxscaler, min max scale, min max scaling, minmax scale, min max scaler, min max normalize
robust :: robustscaler, robust scale, robust scaling, robust scaler
maxabs :: max abs, maxabsscaler, max abs scale, max absolute
onehot :: one hot encode, one hot, one hot encoding, dummy code, dummy encode, dummies, get dummies, dummy
    variables, onehotencode, get_dummies, dummify, one hot encoder, onehotencoder, indicator variables, dummy
    coding, dummy columns
ordinal :: ordinal encode, ordinal encoding, ordinalencoder, ordinal encoder
target encode :: target encoding, mean encode, mean encoding
label encode :: label encoding, labelencoder, factorize
round :: rounding, round off
split :: splitting, break, separate, divide up
join text :: concatenate, concat, combine, merge, glue, paste
copy :: duplicate of, make copy of, clone, make duplicate of, copy of
log :: logarithm, natural log, ln, log transform, logarithm of, log of, natural logarithm
sqrt :: square root, square root of
abs :: absolute value, absolute, absolute value of
bin :: bins, bucket, buckets, discretize, discretise, bucketize, binning, groups, bands, brackets, band, cut,
    intervals, categories, ranges
quantile :: quantiles, equally sized, equal sized, equal frequency, equal size, equal count, equally full
equal width :: equally wide, same width, evenly spaced, equal range
clip :: cap, clamp, limit, clipping, capping, truncate
lower case :: lowercase, lower, small letters, lowercased, to lower
upper case :: uppercase, upper, capitals, capital letters, uppercased, all caps, to upper
title case :: titlecase, title, proper case, capitalize, capitalise
trim :: strip, trimming
whitespace :: white space, spaces, blank space, blank spaces, leading and trailing whitespace, leading and trailing
    spaces, leading trailing whitespace, surrounding whitespace, extra spaces, extra whitespace, leading trailing
    spaces, leading and trailing white space, surrounding spaces, trailing spaces, leading spaces, stray spaces,
    outer spaces, trailing whitespace
stopwords :: stop words, stop word, stopword
tfidf :: tf idf, tf_idf, term frequency inverse document frequency
vectorize :: vectorise, vectorizing
extract :: pull, pull out, get, take, derive, extracting, grab, taking
digits :: numbers, digit
create :: add, make, build, generate, compute, calculate, new, create new, add new, define, construct, insert,
    adding, creating, make new, produce
flag :: mark, indicate, flagging, tag, indicating
group by :: grouped by, grouping by, aggregate by, group rows by, summarize by, summarise by
aggregate :: summarize, summarise, collapse, roll up
per :: for each, across, in each, within each, by each, per each, for every, in every, of each, broken down by,
    split by, depending on, between different, for the different
show :: show me, give me, tell me, display, list, print, see, view, what is, what are, find, report, what were, what
    was, let me see, give, look at, what about, get me
describe :: summary statistics, summary stats, statistics, stats, summary, descriptive statistics, summary of,
    statistics of, stats of, statistical summary, statistics for, stats for, overview
correlation :: correlations, correlate, correlates, correlated, link, relationship, association, correlation matrix,
    relation, correlation coefficient
share of :: percentage of, percent of, proportion of, fraction of, what percentage of, what share of, rate of, what
    fraction of, what proportion of, percentage, proportion, fraction
histogram :: distribution, histogram of, distribution of, spread of, hist
plot :: chart, graph, draw, visualize, visualise, plotting
first :: top, head
last :: tail, bottom
random :: randomly, at random, picked at random, chosen at random, random sample of, random subset of
sample :: subsample, downsample, downsample to, sample of, sampling
shuffle :: randomize order of, permute, mix up
stratify :: stratified on, stratified by, stratify by, stratify on, stratifying on, stratifying by, stratified
into :: in to, onto
named :: called, name it, call it, as new column, name, and call it, and name it, labelled, titled
where :: in which, for which, that are, which are, who are, that have, which have, who have, whose, when, with
    values, having, that has, for whom, that is, which is, that were, who paid, such that, that, who, wherever, with
    the condition
> :: greater than, more than, above, bigger than, larger than, exceeds, higher than, exceeding, is greater than, is
    more than, is above, is over, is larger than, are above, are over, is higher than, are more than, are greater
    than, exceed, is bigger than, later than, is after
< :: less than, below, under, smaller than, lower than, fewer than, is less than, is below, is under, is smaller
    than, are below, are under, is lower than, are less than, earlier than, is before
>= :: at least, not less than, no less than, is at least, greater than or equal to, more than or equal to, greater
    or equal, is not less than, minimum of, not below, not under, greater than or equal
<= :: at most, not more than, no more than, is at most, less than or equal to, up to, less or equal, is not more
    than, maximum of, not above, not over, less than or equal
!= :: is not, are not, not equal to, is not equal to, does not equal, do not equal, <>, differs from, is different
    from, other than, is anything but, not equals, not equal
== :: is, are, equals, equal to, is equal to, =, equal, was, were, is exactly, exactly
in :: is one of, is in, are in, one of, is any of, any of, among, is either, either, within
not in :: is not in, are not in, is not one of, is none of, not one of, is neither, none of, not any of
contains :: containing, contain, includes, including, has the word, with the word, mentions
not contains :: does not contain, not containing, do not contain, without the word
starts with :: begins with, starting with, beginning with, start with, begin with
ends with :: ending with, end with, ending in, ends in
is missing :: is blank, is empty, is null, are missing, are null, are empty, is na, is nan, is unknown, == missing,
    has no value, is not known, is not available, are blank, is not given
is present :: is not missing, is not null, is not empty, are not missing, is not blank, are not null, is not na, not
    null, not missing, is known, exists, is available, is not nan, != missing
older than :: older, over age
younger than :: younger, under age
move :: put column, bring, shift column
undo :: revert, take that back, undo that, undo last step, go back, step back, roll back, undo it
redo :: redo that, do it again, redo it
apply :: use, run, perform, do, try, carry out, applying
forward :: previous value, last known value, last value, forward fill, ffill, previous, last observed value,
    previous row, last valid value, value before, value above
backward :: next value, backward fill, bfill, next, next valid value, value below
interpolate :: interpolation, linear interpolation, interpolating, linearly interpolate
constant :: zero variance, single value, same value everywhere, single valued
moving :: rolling, running window
cumulative :: running
weekday :: day of week, day of the week, dow
years :: yrs
days :: day's
pad :: zero pad, left pad, pad with zeros, zero fill, zfill
prefix :: prepend, add prefix, prefixing
suffix :: append, add suffix
difference :: difference between, difference of, gap between
separator :: delimiter, sep
balance :: rebalance, oversample, balancing
undersample :: downsample majority, under sample
train :: training
test :: testing, holdout
rest :: others, everything else, all others, other ones, remaining, remainder, all other, rest of
rare :: infrequent, uncommon, seldom
because :: since they, as they, as it, because they, as these, since it, since these, because it
then :: and then, after that, afterwards, next step, and afterwards, and after that, finally, then also
"""
"""For each word that patterns know, what people say for it; a line that is indented goes on with the one before."""


def _phrases() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in re.sub(r"\n {4}", " ", SYNONYMS.strip()).splitlines():
        canonical, _, said = line.partition(" :: ")
        found |= dict.fromkeys((canonical, *filter(None, said.split(", "))), canonical)
    return found


PHRASES = _phrases()
"""Words and phrases, and the word that patterns know them by."""

SELECTORS: dict[str, str] = {
    "all numeric columns": "numeric", "numeric columns": "numeric", "numerical columns": "numeric",
    "number columns": "numeric", "numeric features": "numeric", "numeric variables": "numeric", "numeric": "numeric",
    "numerical features": "numeric", "numeric fields": "numeric", "numericals": "numeric", "numerics": "numeric",
    "text column": "text", "text columns": "text", "string columns": "text", "text fields": "text", "strings": "text",
    "categorical columns": "categorical", "categorical features": "categorical", "categoricals": "categorical",
    "categorical variables": "categorical", "category columns": "categorical", "categorical fields": "categorical",
    "date columns": "temporal", "dates columns": "temporal", "datetime columns": "temporal",
    "boolean columns": "boolean", "all columns": "all", "every column": "all", "everything": "all",
    "all fields": "all", "all features": "all", "each column": "all", "any column": "all", "whole table": "all",
    "anywhere": "all", "entire table": "all", "whole dataset": "all", "all variables": "all", "everywhere": "all",
    "any field": "all", "entire dataset": "all", "all of the columns": "all",
}  # fmt: skip
"""Phrases for columns that are chosen by what they hold."""

ABBREVIATIONS = {
    "amnt": "amount", "amt": "amount", "emp": "employment", "dest": "destination", "dep": "departure", "arr": "arrival",
    "sched": "scheduled", "addr": "address", "qty": "quantity", "num": "number", "pct": "percent", "dob": "birth",
    "desc": "description", "acct": "account", "cust": "customer", "prod": "product", "dept": "department",
    "yrs": "years",
    "avg": "average", "temp": "temperature", "util": "utilization", "bal": "balance", "int": "interest", "yr": "year",
    "delinq": "delinquencies", "tailnum": "tail number", "msg": "message", "lat": "latitude", "lon": "longitude",
    "org": "organization", "cat": "category", "cnt": "count", "max": "maximum", "min": "minimum", "id": "identifier",
}  # fmt: skip
"""Short forms in the names of columns, and what people say for them."""

_ORDINARY = """
mind find line link been teen form from fare care carry there where were have like live love time same some come
more most must much such than then them they this that with what when will word work year your been being about
after again also always another around away back because before best better between both bring call came change city
close could country day days does done down each early end even ever every fact far feel few first found free full
gave give going gone good great group hand hard head hear held help here high hold home hope house idea into just
keep kind knew know large last late later learn least leave left less life light list little long look made main
make many mean means might money month name near need never next night nothing number often once only open order
other over own page paper part people person place plan play point possible present problem public question quite
rather read real really right room said salary school second seem sell send sense serve set several shall she should
show side since small sort state still story street study such sure take talk tell text than thank thing think
though thought three through today together told took toward town tree true trust turn type under until upon used
using usual very voice wait walk wall want water week well went whether which while white whole whose wide wife win
wind wish within without woman women words world worth would write wrong young boss email movie built weather stock
price joke poem hello
"""
ORDINARY = frozenset(_ORDINARY.split())
"""Good words that no spelling mistake is suspected in."""
