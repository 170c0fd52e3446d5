/**
 * Reads the sources whose decisions must be the same on every machine and in every replay, and lists what could make
 * them differ. docs/determinism.md says why each thing is banned. A line may waive it: `// determinism-ok: reason`.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import {
  EXACT_MATH,
  HOME_OF,
  HOST_GLOBALS,
  IMPORTS,
  LOCALE,
  MEMBERS,
  PROMISED,
} from './determinism-rules.ts';

const SCANNED = [
  'src/domain',
  'src/events',
  'src/bus',
  'src/streams',
  'src/strategies',
  'src/actors',
  'src/adapters/simulated-exchange',
  'examples',
];

export interface Finding {
  readonly file: string;
  /** From 1, as an editor shows it. */
  readonly line: number;
  readonly message: string;
}

const WAIVER = /\/\/ *determinism-ok\b:? *(.*)$/;

/** Lists what is banned in one source file; `file` is its path from the repository's root. */
export function scanSource(file: string, text: string): Finding[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const home = HOME_OF.get(file);
  if (home === '*') return [];
  const local = namesDeclaredIn(source);
  const found: Finding[] = [];

  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const report = (node: ts.Node, what: string, why: string) =>
    found.push({ file, line: lineOf(node), message: `${what} ${why}` });

  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) checkIdentifier(node);
    else if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) checkModule(node);
    else if (ts.isPropertyAccessExpression(node)) checkMember(node.name, node.name.text);
    else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
      checkMember(node.argumentExpression, node.argumentExpression.text);
    } else if (ts.isForInStatement(node)) {
      report(node, 'for..in', 'walks inherited keys in no agreed order; use Object.keys or an array');
    } else if (ts.isForOfStatement(node) && node.awaitModifier) report(node, 'for await', PROMISED);
    else if (ts.isAwaitExpression(node)) report(node, 'await', PROMISED);
    else if (node.kind === ts.SyntaxKind.AsyncKeyword) report(node, 'async', PROMISED);
    else if (ts.isCallExpression(node)) checkCall(node);
    else if (ts.isBinaryExpression(node)) checkPower(node);
    ts.forEachChild(node, visit);
  };

  function checkIdentifier(node: ts.Identifier): void {
    const name = node.text;
    if (local.has(name) || !isReference(node)) return;
    const why = HOST_GLOBALS.get(name);
    if (why !== undefined) report(node, name, why);
    else if (name === 'Math') checkMath(node);
  }

  function checkMath(node: ts.Identifier): void {
    const { parent } = node;
    const member =
      ts.isPropertyAccessExpression(parent) && parent.expression === node ? parent.name.text : null;
    if (member === null)
      report(node, 'Math', 'is used otherwise than Math.name, so that its members cannot be checked');
    else if (member === 'random') report(node, 'Math.random', 'is random; use the seeded generator');
    else if (!EXACT_MATH.has(member) && home !== 'math') {
      report(node, `Math.${member}`, 'differs in the last bits between machines; use src/domain/math.ts');
    }
  }

  function checkMember(node: ts.Node, name: string): void {
    const why = name.startsWith('toLocale') ? LOCALE : MEMBERS.get(name);
    if (why !== undefined) report(node, `.${name}`, why);
  }

  function checkCall(node: ts.CallExpression): void {
    const { expression } = node;
    if (expression.kind === ts.SyntaxKind.ImportKeyword) report(node, 'import()', PROMISED);
    if (home === 'subscribe' || !ts.isPropertyAccessExpression(expression)) return;
    if (expression.name.text === 'subscribe') {
      report(
        expression.name,
        '.subscribe(',
        'leaves a dead pipeline behind when a handler throws; use kernel.listen',
      );
    }
  }

  function checkPower({ operatorToken, right }: ts.BinaryExpression): void {
    const isPower =
      operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken ||
      operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken;
    if (isPower && home !== 'math' && !isIntegerLiteral(right)) {
      report(
        operatorToken,
        '**',
        'with an exponent that is not an integer literal differs between machines; use src/domain/math.ts',
      );
    }
  }

  function checkModule(node: ts.ImportDeclaration | ts.ExportDeclaration): void {
    if (node.moduleSpecifier === undefined || !ts.isStringLiteral(node.moduleSpecifier)) return;
    const module = node.moduleSpecifier.text;
    const isTypeOnly = ts.isImportDeclaration(node)
      ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : node.isTypeOnly;
    if (isTypeOnly) return;
    const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
    const names = bindings && 'elements' in bindings ? bindings.elements : null;
    const banned = IMPORTS.get(module.split('/')[0]!);

    if (module === 'temporal-polyfill') report(node, module, HOST_GLOBALS.get('Temporal')!);
    else if (module.startsWith('node:')) {
      const onlyHash =
        module === 'node:crypto' && names?.every((each) => importedName(each) === 'createHash');
      if (!onlyHash)
        report(node, module, 'is the machine, not the log; only createHash of node:crypto is allowed');
    } else if (banned !== undefined && names === null) {
      report(node, `all of ${module}`, 'cannot be checked; import what is used by name');
    } else if (banned !== undefined && names !== null) {
      for (const each of names) {
        const why = each.isTypeOnly ? undefined : banned.get(importedName(each));
        if (why !== undefined) report(each, `${importedName(each)} of ${module}`, why);
      }
    }
  }

  visit(source);
  return withoutWaived(file, text, found);
}

const importedName = (each: ts.ImportSpecifier | ts.ExportSpecifier): string =>
  (each.propertyName ?? each.name).text;

function isIntegerLiteral(node: ts.Expression): boolean {
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken)
    return isIntegerLiteral(node.operand);
  if (ts.isParenthesizedExpression(node)) return isIntegerLiteral(node.expression);
  return ts.isNumericLiteral(node) && Number.isInteger(Number(node.text));
}

/** False for names that only look alike: members, keys, labels. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isBindingElement(parent)) return parent.propertyName !== node;
  return !('name' in parent && parent.name === node) || ts.isShorthandPropertyAssignment(parent);
}

/** A file's own `process` or `Date` (a function, a parameter, an import of ours) is not the host's. */
function namesDeclaredIn(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isNamespaceImport(node) ||
      ts.isImportClause(node);
    if (declares && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Takes out what a waiver covers (its own line, or the next when it stands alone) and adds the waivers that are wrong. */
function withoutWaived(file: string, text: string, found: readonly Finding[]): Finding[] {
  const waived = new Set<number>();
  const wrong: Finding[] = [];
  text.split('\n').forEach((content, index) => {
    const reason = WAIVER.exec(content)?.[1]?.trim();
    if (reason === undefined) return;
    const own = index + 1;
    const line = content.trimStart().startsWith('//') ? own + 1 : own;
    if (reason === '') {
      wrong.push({
        file,
        line: own,
        message: 'determinism-ok needs a reason: `// determinism-ok: why this is the same on every run`',
      });
    } else if (!found.some((finding) => finding.line === line)) {
      wrong.push({
        file,
        line: own,
        message: 'determinism-ok waives nothing on this line or the next; take it out',
      });
    } else waived.add(line);
  });
  return [...found.filter(({ line }) => !waived.has(line)), ...wrong].sort((a, b) => a.line - b.line);
}

function* sourcesUnder(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder).sort()) {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) yield* sourcesUnder(path);
    else if (/\.[cm]?[jt]s$/.test(entry)) yield path;
  }
}

/** Scans the core, the simulated exchange and the example strategies of the checkout at `root`. */
export function scanCheckout(root: string): {
  readonly files: number;
  readonly findings: readonly Finding[];
} {
  const files = SCANNED.flatMap((folder) => [...sourcesUnder(join(root, folder))]);
  const findings = files.flatMap((path) =>
    scanSource(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')),
  );
  return { files: files.length, findings };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { files, findings } = scanCheckout(fileURLToPath(new URL('..', import.meta.url)));
  for (const { file, line, message } of findings) console.log(`${file}:${line}: ${message}`);
  console.log(`${files} files scanned, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
