"""One whole, valid file of each kind. Broken ones are made from them by changing a line or two."""

PERSONA = """\
id: ana
name: Ana Sousa
summary: A baker who opens at four.
background: Grew up above the shop.
occupation: baker
age: 41
region: Braga
schooling: left at sixteen
languages: [pt, en]
personality:
  openness: 0.4
  neuroticism: 0.7
knowledge:
  bread: expert
  tax law: none
speaking_style: Short and dry.
difficulty:
  level: 0.3
  how:
    - impatient
private_facts:
  - Owes the mill three invoices.
tags: [trade, early-riser]
"""

SCENARIO = """\
id: late-flour
title: A delivery that did not come
domain: trade
setting: The phone, five in the morning.
roles:
  - name: buyer
    title: a buyer
    part: leads
    goal: Get the flour today.
    persona:
      any_tags: [trade]
      min_age: 18
  - name: clerk
    title: a clerk of the mill
    part: follows
    train: true
    goal: Find the delivery.
task:
  text: Ask about {topic}, order {order}.
  slots:
    order: [A1, B2]
topics:
  - name: Delivery
    topics:
      - name: Late
      - name: Wrong goods
ending:
  goal: A new time is agreed.
  min_turns: 4
  max_turns: 8
checks:
  - id: says-time
    kind: regex
    pattern: o'clock
    role: clerk
    when:
      order: A1
  - id: total
    kind: numeric
    answer: 12.5
rubric: plain
"""

RUBRIC = """\
id: plain
title: Plain talk
criteria:
  - id: clear
    question: Is it clear?
    levels:
      1: Muddled.
      3: Understandable.
      5: Crystal.
    weight: 2
threshold: 3.5
"""
