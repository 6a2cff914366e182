import type { ExecSpec } from '../../domain/runtime/exec-session.js';
import type { AgentProgram } from '../agent/open-exec.js';

export const SHELL = '/bin/sh';

/** Every process of an exec has this variable, unless it took care to be rid of it. The full stop ends the id. */
export const EXEC_VARIABLE = 'MUSTER_EXEC';
export const execMark = (id: string): string => `${EXEC_VARIABLE}=${markOf(id)}`;
const markOf = (id: string): string => `${id}.`;

/** What is started for an exec, whoever starts it. */
export const execProgram = ({ id, command, env, cwd }: ExecSpec): AgentProgram => ({
  command: [SHELL, '-c', WRAPPER, 'muster-exec', cwd, ...command],
  env: { ...env, [EXEC_VARIABLE]: markOf(id) },
});

/*
 * Shell for dash, bash and busybox. Where processes are looked for it forks nothing, so that it works where the limit of
 * processes is reached. A command's name in /proc/<pid>/stat can hold anything, hence the last parenthesis.
 */

const READ = `
read_all() {
  text=
  { while IFS= read -r line || [ -n "$line" ]; do text="$text $line"; done <"$1"; } 2>/dev/null
}
read_stat() {
  read_all "/proc/$1/stat"
  set -- \${text##*) }
  state=$1 parent=$2 session=$4
  [ -n "$session" ] && [ "$state" != Z ] && [ "$state" != X ]
}
`;

/**
 * Runs a command ($2 …) in a folder ($1) and ends with its exit code. What the command has left in its session (which engines
 * and agent-server make anew for each exec) is ended with it.
 */
export const WRAPPER = `${READ}
cd -- "$1" || exit 126
shift
trap : HUP INT QUIT TERM
(exec "$@")
code=$?
for dir in /proc/[0-9]*; do
  pid=\${dir#/proc/}
  [ "$pid" != $$ ] && read_stat "$pid" && [ "$session" = $$ ] && kill -KILL "$pid" 2>/dev/null
done
exit $code
`;

/**
 * Ends everything that belongs to the exec with the mark $1: what carries it, the sessions of these, and all their
 * descendants. Exit code 1: something is left. Sessions 0 and 1 are the container's own, whatever is in them.
 */
export const KILLER = `${READ}
mark=$1
add() {
  found="$found$1 "
  case $2 in 0 | 1) ;; *) sessions="$sessions$2 " ;; esac
}
scan() {
  found=' ' sessions=' ' table=
  for dir in /proc/[0-9]*; do
    pid=\${dir#/proc/}
    read_stat "$pid" || continue
    table="$table $pid:$parent:$session"
    read_all "/proc/$pid/environ"
    case $text in *"$mark"*) add "$pid" "$session" ;; esac
  done
  before=
  while [ "$before" != "$found" ]; do
    before=$found
    for row in $table; do
      pid=\${row%%:*} parent=\${row#*:} session=\${row##*:}
      parent=\${parent%%:*}
      case $found in *" $pid "*) continue ;; esac
      case "$found/$sessions" in *" $parent "*/* | */*" $session "*) add "$pid" "$session" ;; esac
    done
  done
  [ "$found" != ' ' ]
}
scan || exit 0
kill -TERM $found 2>/dev/null
kill -HUP $found 2>/dev/null
tries=0
while [ $tries -lt 10 ]; do
  sleep 0.1
  scan || exit 0
  tries=$((tries + 1))
done
while [ $tries -lt 60 ]; do
  kill -STOP $found 2>/dev/null
  scan
  kill -KILL $found 2>/dev/null
  sleep 0.05
  scan || exit 0
  tries=$((tries + 1))
done
exit 1
`;
