// The grammar of the .flow language.
//
// What keeps it fast and its errors apart:
// - Operators, members, prefixes and `else when` are flat lists, so that the depth of the parse follows the nesting of
//   brackets alone, which is bounded before the parser runs. Precedence is resolved when the syntax tree is built.
// - A declaration is parsed on its own (rule `unit`), with brackets that match.
// - What stands between braces is one rule a kind of list (`block`, `fieldBlock`, ...) around one rule a member; an
//   error in a member ends with it (compiler/syntax/parser/error_strategy.h names these rules).
parser grammar FlowParser;

options { tokenVocab = FlowLexer; }

// A whole file, for readers and tools.
file: declaration* EOF;

// One declaration, which is what the compiler parses.
unit: declaration EOF;

declaration
  : editionDeclaration
  | packageDeclaration
  | importDeclaration
  | schemaDeclaration
  | trait*
    ( scalarDeclaration
    | structDeclaration
    | enumDeclaration
    | externDeclaration
    | errorDeclaration
    | domainDeclaration
    | adapterDeclaration
    | targetDeclaration
    | policyDeclaration
    | slotsDeclaration
    | stepDeclaration
    | chainDeclaration
    | flowDeclaration
    | jobDeclaration
    | cronDeclaration
    | serviceDeclaration
    )
  ;

// ---- the head of a file

editionDeclaration: EDITION NUMBER SEMICOLON;
packageDeclaration: PACKAGE qualifiedName SEMICOLON;
importDeclaration: IMPORT qualifiedName (AS name)? SEMICOLON;
schemaDeclaration: SCHEMA string SEMICOLON;

// ---- types and data

scalarDeclaration: SCALAR name COLON typeRef SEMICOLON;
structDeclaration: STRUCT name fieldBlock;
errorDeclaration: ERROR name (fieldBlock | SEMICOLON);
domainDeclaration: DOMAIN name SEMICOLON;
slotsDeclaration: SLOTS fieldBlock;
externDeclaration: EXTERN TYPE name ASSIGN string FROM string SEMICOLON;

enumDeclaration: ENUM name enumBlock;
enumBlock: LEFT_BRACE enumMember* RIGHT_BRACE;
enumMember: trait* memberName (ASSIGN string)? (COMMA | SEMICOLON)?;

fieldBlock: LEFT_BRACE field* RIGHT_BRACE;
field: trait* (PRIVATE trait*)? memberName COLON typeRef (ASSIGN expression)? SEMICOLON;

typeRef: qualifiedName (LESS typeRef (COMMA typeRef)* GREATER)? QUESTION?;

trait: AT name (LEFT_PAREN (traitArgument (COMMA traitArgument)* COMMA?)? RIGHT_PAREN)?;
traitArgument: (memberName COLON)? rangeValue;

// ---- the outside world

adapterDeclaration: ADAPTER name parameters? operationBlock;
operationBlock: LEFT_BRACE operation* RIGHT_BRACE;
operation: trait* name typeParameters? parameters (ARROW resultFormat? typeRef)? (FAILS failure (COMMA failure)*)? SEMICOLON;
resultFormat: name;                    // `row`, `json`: who decodes the result; checked later
typeParameters: LESS name (COMMA name)* GREATER;
parameters: LEFT_PAREN (parameter (COMMA parameter)* COMMA?)? RIGHT_PAREN;
parameter: trait* memberName COLON typeRef (ASSIGN expression)?;

targetDeclaration: TARGET name ASSIGN qualifiedName arguments? (settingBlock | SEMICOLON);
policyDeclaration: POLICY name settingBlock;
serviceDeclaration: SERVICE name settingBlock;

settingBlock: LEFT_BRACE setting* RIGHT_BRACE;
setting: name settingTerm* SEMICOLON;

// Terms stand side by side, so none begins with what could also go on with the one before it: `(`, `[`, `{`, `-`.
settingTerm: termValue (COMMA termValue)*;
termValue: term (RANGE expression?)? | RANGE expression;
term: termOperand (binaryOperator operand)*;
termOperand: termPrimary suffix*;
termPrimary: NUMBER | TRUE | FALSE | NULL_VALUE | string | name;

// ---- steps

stepDeclaration: STEP useName reads? writes? (ASSIGN stepBody)? stepClause* SEMICOLON;
reads: LEFT_PAREN (slotUse (COMMA slotUse)* COMMA?)? RIGHT_PAREN;
writes: ARROW slotUse (COMMA slotUse)*;
slotUse: qualifiedName QUESTION?;

stepBody: group | expression;

group: join? groupBlock;
join
  : ALL | ALL_REQUIRED | ANY | FIRST_SUCCESS | RACE | SEQUENTIAL
  | QUORUM expression
  | HEDGE (expression (AFTER expression)?)?
  ;
groupBlock: LEFT_BRACE groupMember* RIGHT_BRACE;
groupMember: (OPTIONAL | REQUIRED)? (qualifiedName ASSIGN)? (group SEMICOLON? | effectCall effectClause* SEMICOLON);
effectCall: qualifiedName arguments;

effectClause
  : WITH (override | qualifiedName)
  | override
  | KEY expression
  ;
override
  : TIMEOUT expression
  | RETRY expression (BACKOFF rangeValue)? (ON qualifiedName (COMMA qualifiedName)*)?
  | BACKOFF rangeValue
  | HEDGE expression (AFTER expression)?
  | RATE expression (IDENTIFIER expression)?
  ;

stepClause
  : effectClause
  | FAILS failure (COMMA failure)*
  | MAY decision (COMMA decision)*
  | THEN name reads? writes?
  | UNDO effectCall effectClause*
  | DROPS name (COMMA name)*
  | PIVOT
  ;
// A name alone goes on with the kind before it: `may need a, b, insert c`.
decision: DONE | (NEED | INSERT | REPLACE)? qualifiedName;
failure: qualifiedName (ON failureCause (PIPE failureCause)*)?;
failureCause: name | NUMBER;            // a kind, or a status of the other side

// ---- chains and flows

chainDeclaration: CHAIN name chainClause* (ASSIGN qualifiedName (COMMA qualifiedName)* SEMICOLON | block);

chainClause: (BEFORE | AFTER | REQUIRES) qualifiedName (COMMA qualifiedName)*;

flowDeclaration: FLOW name flowClause* block;
flowClause
  : ON name string
  | BEFORE qualifiedName (COMMA qualifiedName)*
  | PUBLIC
  ;
jobDeclaration: JOB name reads? block;
cronDeclaration: CRON name string (name | string)? block;

block: LEFT_BRACE statement* RIGHT_BRACE;

statement
  : useStatement
  | flowSetting
  | (PARALLEL | SEQUENTIAL | SAGA) block
  | transactionStatement
  | whenStatement
  | eachStatement
  | RESCUE qualifiedName (COMMA qualifiedName)* block
  | ON (CANCEL | OVERLOAD | ERROR (qualifiedName (COMMA qualifiedName)*)?) block
  | CALL qualifiedName arguments? SEMICOLON
  | ENQUEUE qualifiedName arguments? enqueueClause* SEMICOLON
  | returnStatement
  ;

useStatement: useName (DOT memberName)* SEMICOLON;
flowSetting: useName settingTerm+ SEMICOLON;
transactionStatement: TX qualifiedName? transactionClause* block;
transactionClause
  : ISOLATION IDENTIFIER IDENTIFIER?
  | RETRY expression
  | FAILS failure (COMMA failure)*
  ;
whenStatement: WHEN expression block (ELSE WHEN expression block)* (ELSE block)?;
eachStatement: EACH name IN expression eachClause* block (ARROW qualifiedName (COMMA qualifiedName)* SEMICOLON?)?;
eachClause: MAX expression | PARALLEL expression;
enqueueClause: AFTER expression | PRIORITY expression | UNIQUE expression;

returnStatement: RETURN NUMBER returnBody? returnClause* SEMICOLON;
returnBody: STREAM expression | SSE expression | expression;
returnClause
  : AS (name | string)
  | HEADER header (COMMA header)*
  | LOCATION expression
  | REVEAL qualifiedName (COMMA qualifiedName)*
  ;
header: (string | headerName) expression;
headerName: name (MINUS name)*;

// ---- expressions
//
// From loosest to tightest: ??  ||  &&  == != < <= > >=  + -  * / %  prefix ! -  suffix . [] ()

rangeValue: expression (RANGE expression?)? | RANGE expression;

expression: operand (binaryOperator operand)*;
binaryOperator
  : COALESCE | OR | AND | EQUAL | NOT_EQUAL | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL
  | PLUS | MINUS | STAR | SLASH | PERCENT
  ;
operand: (NOT | MINUS)* primary suffix*;
primary
  : NUMBER
  | TRUE
  | FALSE
  | NULL_VALUE
  | string
  | LEFT_PAREN expression RIGHT_PAREN
  | list
  | object
  | name
  ;
suffix: DOT memberName | LEFT_BRACKET expression RIGHT_BRACKET | arguments;

arguments: LEFT_PAREN (argument (COMMA argument)* COMMA?)? RIGHT_PAREN;
argument: (memberName COLON)? expression;
list: LEFT_BRACKET (expression (COMMA expression)* COMMA?)? RIGHT_BRACKET;
object: LEFT_BRACE (objectEntry (COMMA objectEntry)* COMMA?)? RIGHT_BRACE;
objectEntry: (memberName | string) COLON expression | name;

string: STRING_BEGIN (STRING_TEXT | STRING_ESCAPE | BAD_ESCAPE | interpolation)* STRING_END;
interpolation: INTERPOLATION_BEGIN expression ELLIPSIS? INTERPOLATION_END;

// ---- names

qualifiedName: name (DOT memberName)*;

// Where a literal could stand too.
name
  : IDENTIFIER
  | ADAPTER | AFTER | ALL | ALL_REQUIRED | ANY | AS | BACKOFF | BEFORE | CALL | CANCEL | CHAIN | CRON | DOMAIN | DONE
  | DROPS | EACH | EDITION | ELSE | ENQUEUE | ENUM | ERROR | EXTERN | FAILS | FIRST_SUCCESS | FLOW | FROM
  | HEADER | HEDGE | IMPORT | IN | INSERT | ISOLATION | JOB | KEY | LOCATION | MAX | MAY | NEED | ON | OPTIONAL | OVERLOAD
  | PACKAGE | PARALLEL | PIVOT | POLICY | PRIORITY | PRIVATE | PUBLIC | QUORUM | RACE | RATE | REPLACE
  | REQUIRED | REQUIRES | RESCUE | RETRY | RETURN | REVEAL | SAGA | SCALAR | SCHEMA | SEQUENTIAL | SERVICE | SLOTS
  | SSE | STEP | STREAM | STRUCT | TARGET | THEN | TIMEOUT | TX | TYPE | UNDO | UNIQUE | WHEN | WITH
  ;

// Behind a dot, before a colon: nothing else could stand there.
memberName
  : IDENTIFIER
  | ADAPTER | AFTER | ALL | ALL_REQUIRED | ANY | AS | BACKOFF | BEFORE | CALL | CANCEL | CHAIN | CRON | DOMAIN | DONE
  | DROPS | EACH | EDITION | ELSE | ENQUEUE | ENUM | ERROR | EXTERN | FAILS | FALSE | FIRST_SUCCESS | FLOW
  | FROM | HEADER | HEDGE | IMPORT | IN | INSERT | ISOLATION | JOB | KEY | LOCATION | MAX | MAY | NEED | NULL_VALUE | ON
  | OPTIONAL | OVERLOAD | PACKAGE | PARALLEL | PIVOT | POLICY | PRIORITY | PRIVATE | PUBLIC | QUORUM | RACE | RATE
  | REPLACE | REQUIRED | REQUIRES | RESCUE | RETRY | RETURN | REVEAL | SAGA | SCALAR | SCHEMA | SEQUENTIAL | SERVICE
  | SLOTS | SSE | STEP | STREAM | STRUCT | TARGET | THEN | TIMEOUT | TRUE | TX | TYPE | UNDO | UNIQUE | WHEN
  | WITH
  ;

// At the start of a statement, so not the keywords that begin one.
useName
  : IDENTIFIER
  | ADAPTER | AFTER | ALL | ALL_REQUIRED | ANY | AS | BACKOFF | BEFORE | CANCEL | CHAIN | CRON | DOMAIN | DONE
  | DROPS | EDITION | ENUM | ERROR | EXTERN | FAILS | FIRST_SUCCESS | FLOW | FROM | HEADER | HEDGE | IMPORT
  | IN | INSERT | ISOLATION | JOB | KEY | LOCATION | MAX | MAY | NEED | OPTIONAL | OVERLOAD | PACKAGE | PIVOT | POLICY | PRIORITY
  | PRIVATE | PUBLIC | QUORUM | RACE | RATE | REPLACE | REQUIRED | REQUIRES | RETRY | REVEAL | SCALAR | SCHEMA
  | SERVICE | SLOTS | SSE | STEP | STREAM | STRUCT | TARGET | THEN | TIMEOUT | TYPE | UNDO | UNIQUE | WITH
  ;
