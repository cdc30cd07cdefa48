"""What a model of emotion must not be used for: by conscience, and by the law of the Union.

The model card and the page say the same of it, from here.

Sources, in November 2026: Regulation (EU) 2024/1689, articles 3(39), 5(1)(f), 50(3) and 113 and
annex III, point 1(c). Regulation (EU) 2026/1744 of 8 July 2026 (OJ L, 24.7.2026; the "digital
omnibus on AI"), in force since 27 July 2026, which has the duties for systems of annex III begin on
2 December 2027. The Commission's guidelines on prohibited practices, C(2025) 5052, where the
employees of a call centre are an example of what is prohibited, and its customers of what is not.
"""

NOT_FOR = """\
It must not be used

- to judge, grade, hire, dismiss, insure, police or diagnose anyone: it judges how a voice sounds,
  never what a person feels;
- on people who do not know of it or did not agree;
- as the only ground of any decision about a person."""

WHERE_WRONG = """\
The cost of an error falls on whoever speaks. A caller who is taken for angry is put off or handed
on, sadness that is not heard gets no help, and a voice that the model knows badly (of another
language or age, or hoarse) is misjudged again and again, not once. Show the probabilities and not
only the likeliest emotion, let a person who has listened decide, and let the speaker object."""

EUROPEAN_UNION = """\
A system that infers emotions from voices is an emotion recognition system under
[Regulation (EU) 2024/1689](https://eur-lex.europa.eu/eli/reg/2024/1689/oj), the AI Act.

- **Prohibited** since 2 February 2025, by article 5(1)(f): to place it on the market, put it into
  service or use it to infer the emotions of people at work or in education, except for medical or
  safety reasons. Work covers applicants and the employees of a call centre.
- **High-risk** elsewhere, by annex III, point 1(c): such as on the customers of a call centre. Risk
  management, documentation, human oversight, conformity assessment and registration are duties
  from 2 December 2027. The Act as first published said 2 August 2026;
  [Regulation (EU) 2026/1744](https://eur-lex.europa.eu/eli/reg/2026/1744/oj) changed it.
- **To be told to the people concerned** since 2 August 2026, by article 50(3): whoever uses such a
  system informs those who are exposed to it. Recordings of voices are personal data as well, to
  which the General Data Protection Regulation (EU) 2016/679 applies.

This is the law as looked up in November 2026, and no legal advice."""
