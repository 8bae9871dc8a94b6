"""The options that several magics take, and those that can be set for all cells, each defined once."""

from __future__ import annotations

from .arguments import Option, choice, cut_run, ending, integer, name, number, pair

DEPLOYMENT = Option(("-d", "--deployment", "-m", "--model"), "the deployment to ask, as a bare word does; the connection's own if left out", "DEPLOYMENT", positional=True)  # fmt: skip
OUTPUT = Option(("-o", "--output"), "the variable that gets the reply", "NAME", name, elsewhere=("--out", "--var"))  # fmt: skip
SYSTEM = Option(
    ("-s", "--system"),
    "the system message: what the model should be and do; @FILE is a file's text",
    "TEXT|@FILE",
    elsewhere=("--persona", "--instructions"),
)
TEMPERATURE = Option(("-t", "--temperature"), "0 for the likeliest words, up to 2 for the boldest; the service's 1 if left out", "NUMBER", number(0, 2))  # fmt: skip
TOP_P = Option(("--top-p",), "choose among the likeliest words alone, that together have this chance, 0 to 1; of all if left out", "NUMBER", number(0, 1))  # fmt: skip
MAX_TOKENS = Option(("--max-tokens",), "the most tokens that the reply may have, thoughts included; if left out, as many as the model can, and 16 in %%complete", "COUNT", integer(1), elsewhere=("--max-completion-tokens", "--max-output-tokens", "--length"))  # fmt: skip
BUDGET = Option(("--budget",), "the most that the cell may cost, in US dollars; it is asked with a lower limit, or not sent", "USD", number(0, 1_000_000), elsewhere=("--max-cost",))  # fmt: skip
STOP = Option(("--stop",), "a text at which the reply ends, without it; \\n is a new line, \\t a tab; may repeat", "TEXT", ending, repeat=True)  # fmt: skip
SEED = Option(("--seed",), "a number that makes sampling repeatable, as far as the service can", "NUMBER", integer())  # fmt: skip
EFFORT = Option(("--effort",), "how much a reasoning model thinks first: none, minimal, low, medium, high, xhigh or max, by model; its own measure if left out", "EFFORT", elsewhere=("--reasoning", "--reasoning-effort"))  # fmt: skip
VERBOSITY = Option(("--verbosity",), "how much a model says, from GPT-5 on: low, medium (if left out) or high", "VERBOSITY", choice("low", "medium", "high"))  # fmt: skip
API = Option(("--api",), "the API to ask through: chat (if left out), or responses (by itself where the model needs it)", "API", choice("chat", "responses"))  # fmt: skip
N = Option(("-n", "--n"), "how many answers, or pictures; 1 if left out", "COUNT", integer(1), elsewhere=("--choices", "--samples"))  # fmt: skip
LOGPROBS = Option(("--logprobs",), "show how likely each token was, and so many others that might have stood there: 5 if no number follows", "COUNT", integer(0), alone=5)  # fmt: skip
PARAM = Option(("--param",), "a field of the request that no option is for, such as presence_penalty=0.5; the value is read as JSON if it is; may repeat", "KEY=VALUE", pair, repeat=True)  # fmt: skip
DETAIL = Option(("--detail",), "how closely pictures are looked at: low, high, auto (if left out) or original", "DETAIL", choice("low", "high", "auto", "original"))  # fmt: skip
CHAT = Option(("-i", "--chat"), "go on with the conversation of that name: its turns are sent along, this one joins them", "CONVERSATION", elsewhere=("--id", "--cid", "--conversation"))  # fmt: skip
CONTINUE = Option(("-c", "--continue"), "go on with the conversation main: the same as -i main")
NEW = Option(("--new",), "begin that conversation afresh (%aoai chats undo brings the old one back)", elsewhere=("--reset", "--clear"))  # fmt: skip
ROLES = Option(
    ("--roles",), "the cell is several messages: system:, user: or assistant: at the start of a line begins each"
)
COMPARE = Option(
    ("--compare",),
    "ask several deployments at once, and show their replies side by side; -o gets a DataFrame",
    "DEPLOYMENT,…",
)
APPROVE = Option(("--approve",), "ask before each call of a tool")
ROUNDS = Option(
    ("--rounds",), "the most rounds of calls, 5 if left out; each is a request of its own", "COUNT", integer(1)
)
RAW = Option(("--raw",), "send the cell and its options as they stand: {{ }} is text")
FORMAT = Option(("-f", "--format"), "how the reply is shown: markdown (if left out), text, json, or code, which is put into a new cell and never run", "FORMAT", choice("markdown", "text", "json", "code"))  # fmt: skip
DRY_RUN = Option(("--dry-run",), "send nothing; show the tokens, the price and whether it fits", elsewhere=("--estimate", "--cost", "--explain", "--no-execute"))  # fmt: skip
CODE = Option(("--code",), "send nothing; show the cell as code: python (a script for the openai SDK), curl, or jsonl (a line of a batch)", "LANGUAGE", choice("python", "curl", "jsonl"))  # fmt: skip
REQUEST = Option(("--request",), "send nothing; show the JSON that would be sent")
NO_STREAM = Option(("--no-stream",), "show the reply when it is whole, not as it arrives")
RECORD = Option(("--record",), "answer from the recordings; send what isn't among them, and record it", elsewhere=("--cache",))  # fmt: skip
REPLAY = Option(("--replay",), "answer from the recordings alone: send nothing")
FRESH = Option(("--fresh",), "send it, and record the answer in place of the one that is recorded", elsewhere=("--no-cache",))  # fmt: skip
QUIET = Option(("-q", "--quiet"), "show nothing; the reply is in _ and in the variable of -o")
OVER = Option(("--over",), "send the cell once for each row of a table, its {{ column }} filled in: a DataFrame, list, dict, iterator, or file (CSV, JSON Lines, Parquet)", "VARIABLE|FILE")  # fmt: skip
LIMIT = Option(("--limit",), "with --over: the first rows alone", "COUNT", integer(1))
CONCURRENCY = Option(("--concurrency",), "with --over: the most requests that are under way at once; as many as the limits allow if left out", "COUNT", integer(1))  # fmt: skip
RESUME = Option(("--resume",), "with --over: go on with a run that was cut; its file is found by the rows, if it isn't named", "FILE", cut_run, alone="last")  # fmt: skip
BATCH = Option(("--batch",), "with --over: hand all over to the Batch API, at half the price and within a day; the variable of -o gets the batch")  # fmt: skip
NO_UNIQUE = Option(("--no-unique",), "with --over: send rows that are alike each for itself, also at temperature 0 or with a seed")  # fmt: skip

#: Whether a cell is answered from recordings, whatever holds for all cells.
RECORDINGS = (RECORD, REPLAY, FRESH)

#: What a cell over a table takes beside.
TABLE = (OVER, LIMIT, CONCURRENCY, RESUME, NO_UNIQUE, BATCH)
