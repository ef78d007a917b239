// Where the children of each kind of syntax node are, in the order of the source (ESTree, ECMAScript 2023). Kinds
// that are not listed have none.
const table = `
Program body
FunctionDeclaration id params body
FunctionExpression id params body
ArrowFunctionExpression params body
ExpressionStatement expression
BlockStatement body
StaticBlock body
WithStatement object body
ReturnStatement argument
LabeledStatement label body
BreakStatement label
ContinueStatement label
IfStatement test consequent alternate
SwitchStatement discriminant cases
SwitchCase test consequent
ThrowStatement argument
TryStatement block handler finalizer
CatchClause param body
WhileStatement test body
DoWhileStatement body test
ForStatement init test update body
ForInStatement left right body
ForOfStatement left right body
VariableDeclaration declarations
VariableDeclarator id init
ArrayExpression elements
ObjectExpression properties
Property key value
UnaryExpression argument
UpdateExpression argument
BinaryExpression left right
AssignmentExpression left right
LogicalExpression left right
MemberExpression object property
ConditionalExpression test consequent alternate
CallExpression callee arguments
NewExpression callee arguments
SequenceExpression expressions
SpreadElement argument
YieldExpression argument
AwaitExpression argument
TemplateLiteral quasis expressions
TaggedTemplateExpression tag quasi
ObjectPattern properties
ArrayPattern elements
RestElement argument
AssignmentPattern left right
ClassDeclaration id superClass body
ClassExpression id superClass body
ClassBody body
MethodDefinition key value
PropertyDefinition key value
MetaProperty meta property
ChainExpression expression
ImportExpression source
ParenthesizedExpression expression`

/** The names of the properties that hold children, by kind of node. */
export const CHILD_KEYS: ReadonlyMap<string, readonly string[]> = new Map(
  table
    .trim()
    .split('\n')
    .map((line) => {
      const [kind, ...keys] = line.split(' ')
      return [kind!, keys]
    }),
)
