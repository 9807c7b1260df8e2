"""The nouns of agentsim: frozen pydantic records that refuse unknown keys, one small file each."""

from agentsim.schema.agenda import Agenda, AgendaItem, AgendaPlan
from agentsim.schema.assignment import Assignment, Proposal
from agentsim.schema.check import Check, ExactCheck, JsonSchemaCheck, NumericCheck, PythonCheck, RegexCheck
from agentsim.schema.comparison import Comparison, Preference
from agentsim.schema.dialogue import Dialogue, End, EndReason
from agentsim.schema.examination import Examination, Figure, Fitness, Skill
from agentsim.schema.finding import FailureKind, Finding
from agentsim.schema.grade import Grade, Grading, Score, Ungraded
from agentsim.schema.guards import DEFAULT_POLICIES, Action, Guards, Policy
from agentsim.schema.intervention import Candidate, Intervention
from agentsim.schema.lineage import Lineage
from agentsim.schema.persona import Difficulty, Persona, Personality
from agentsim.schema.record import Record, Tally
from agentsim.schema.role import PersonaSelector, Role
from agentsim.schema.rubric import Criterion, Rubric
from agentsim.schema.scenario import Ending, Scenario, TaskTemplate
from agentsim.schema.topic import Topic, TopicPath
from agentsim.schema.turn import FinishReason, Speaker, Turn
from agentsim.schema.usage import Usage
from agentsim.schema.verdict import CheckResult, Reason, Verdict

__all__ = [
    "DEFAULT_POLICIES",
    "Action",
    "Agenda",
    "AgendaItem",
    "AgendaPlan",
    "Assignment",
    "Candidate",
    "Check",
    "CheckResult",
    "Comparison",
    "Criterion",
    "Dialogue",
    "Difficulty",
    "End",
    "EndReason",
    "Ending",
    "ExactCheck",
    "Examination",
    "FailureKind",
    "Figure",
    "Finding",
    "FinishReason",
    "Fitness",
    "Grade",
    "Grading",
    "Guards",
    "Intervention",
    "JsonSchemaCheck",
    "Lineage",
    "NumericCheck",
    "Persona",
    "PersonaSelector",
    "Personality",
    "Policy",
    "Preference",
    "Proposal",
    "PythonCheck",
    "Reason",
    "Record",
    "RegexCheck",
    "Role",
    "Rubric",
    "Scenario",
    "Score",
    "Skill",
    "Speaker",
    "Tally",
    "TaskTemplate",
    "Topic",
    "TopicPath",
    "Turn",
    "Ungraded",
    "Usage",
    "Verdict",
]
