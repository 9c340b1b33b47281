// Tokens of the .flow language.
//
// The input is bytes, and every byte outside ASCII arrives as 0x7F, so that the lexer's tables stay small; UTF-8 is
// checked elsewhere. There are no commands here: compiler/syntax/parser/lexer.cc drops white space, keeps comments, and
// switches to the modes below between quotes, because only it can bound how deep interpolations nest and recover when a
// quote is missing.
//
// Every keyword is also a name wherever the grammar can tell (rule `name` in FlowParser.g4).
lexer grammar FlowLexer;

tokens { STRING_TEXT, STRING_ESCAPE, BAD_ESCAPE, INTERPOLATION_BEGIN, INTERPOLATION_END, STRING_END }

WHITE_SPACE: [ \t\r\n]+;
DOC_COMMENT: '///' ~[\r\n]*;
COMMENT: '//' ~[\r\n]*;

ADAPTER: 'adapter';
AFTER: 'after';
ALL: 'all';
ALL_REQUIRED: 'all_required';
ANY: 'any';
AS: 'as';
BACKOFF: 'backoff';
BEFORE: 'before';
CALL: 'call';
CANCEL: 'cancel';
CHAIN: 'chain';
CRON: 'cron';
DOMAIN: 'domain';
DONE: 'done';
DROPS: 'drops';
EACH: 'each';
EDITION: 'edition';
ELSE: 'else';
ENQUEUE: 'enqueue';
ENUM: 'enum';
ERROR: 'error';
EXTERN: 'extern';
FAILS: 'fails';
FALSE: 'false';
FIRST_SUCCESS: 'first_success';
FLOW: 'flow';
FROM: 'from';
HEADER: 'header';
HEDGE: 'hedge';
IMPORT: 'import';
IN: 'in';
INSERT: 'insert';
ISOLATION: 'isolation';
JOB: 'job';
KEY: 'key';
LOCATION: 'location';
MAX: 'max';
MAY: 'may';
NEED: 'need';
NULL_VALUE: 'null';
ON: 'on';
OPTIONAL: 'optional';
OVERLOAD: 'overload';
PACKAGE: 'package';
PARALLEL: 'parallel';
PIVOT: 'pivot';
POLICY: 'policy';
PRIORITY: 'priority';
PRIVATE: 'private';
PUBLIC: 'public';
QUORUM: 'quorum';
RACE: 'race';
RATE: 'rate';
REPLACE: 'replace';
REQUIRED: 'required';
REQUIRES: 'requires';
RESCUE: 'rescue';
RETRY: 'retry';
RETURN: 'return';
REVEAL: 'reveal';
SAGA: 'saga';
SCALAR: 'scalar';
SCHEMA: 'schema';
SEQUENTIAL: 'sequential';
SERVICE: 'service';
SLOTS: 'slots';
SSE: 'sse';
STEP: 'step';
STREAM: 'stream';
STRUCT: 'struct';
TARGET: 'target';
THEN: 'then';
TIMEOUT: 'timeout';
TRUE: 'true';
TX: 'tx';
TYPE: 'type';
UNDO: 'undo';
UNIQUE: 'unique';
WHEN: 'when';
WITH: 'with';

IDENTIFIER: [a-zA-Z_] [a-zA-Z0-9_]*;

// With its unit: 42, 1_000, 3.14, 50ms, 1KiB, 50%. `1..200` is three tokens.
NUMBER: [0-9] [0-9_]* ('.' [0-9] [0-9_]*)? ([a-zA-Z_] [a-zA-Z0-9_]* | '%')?;

// The quote and the tag before it.
STRING_BEGIN: ([a-zA-Z_] [a-zA-Z0-9_]*)? '"';

ARROW: '->';
ELLIPSIS: '...';
RANGE: '..';
COALESCE: '??';
OR: '||';
AND: '&&';
EQUAL: '==';
NOT_EQUAL: '!=';
LESS_EQUAL: '<=';
GREATER_EQUAL: '>=';
LESS: '<';
GREATER: '>';
ASSIGN: '=';
NOT: '!';
PLUS: '+';
MINUS: '-';
STAR: '*';
SLASH: '/';
PERCENT: '%';
PIPE: '|';
QUESTION: '?';
DOT: '.';
COMMA: ',';
SEMICOLON: ';';
COLON: ':';
AT: '@';
LEFT_PAREN: '(';
RIGHT_PAREN: ')';
LEFT_BRACKET: '[';
RIGHT_BRACKET: ']';
LEFT_BRACE: '{';
RIGHT_BRACE: '}';

INVALID: .;

// Between the quotes of `"..."`, which ends with the line.
mode LINE_STRING;

LINE_TEXT: ~["\\{\r\n]+ -> type(STRING_TEXT);
LINE_ESCAPE: '\\' ([ntr"\\{}] | 'u{' [0-9a-fA-F]+ '}') -> type(STRING_ESCAPE);
LINE_BAD_ESCAPE: '\\' ~[\r\n]? -> type(BAD_ESCAPE);
LINE_INTERPOLATION: '{' -> type(INTERPOLATION_BEGIN);
LINE_END: '"' -> type(STRING_END);

// Between the quotes of `tag"..."`, which may span lines.
mode TAGGED_STRING;

TAGGED_TEXT: ~["\\{\r\n]+ -> type(STRING_TEXT);
TAGGED_BREAK: [\r\n]+ -> type(STRING_TEXT);
TAGGED_ESCAPE: '\\' ([ntr"\\{}] | 'u{' [0-9a-fA-F]+ '}') -> type(STRING_ESCAPE);
TAGGED_BAD_ESCAPE: '\\' ~[\r\n]? -> type(BAD_ESCAPE);
TAGGED_INTERPOLATION: '{' -> type(INTERPOLATION_BEGIN);
TAGGED_END: '"' -> type(STRING_END);

// Between the quotes of `re"..."` and `raw"..."`: everything is text.
mode RAW_STRING;

RAW_TEXT: ~["\r\n]+ -> type(STRING_TEXT);
RAW_END: '"' -> type(STRING_END);
