#!/bin/sh
':' /* # The lines up to exec are for sh. To Node.js they are a comment, and what comes behind it is the program.

# Node.js sets all signals back when it starts. Whether SIGHUP was ignored (nohup, trap '' HUP) is seen here, and told by the number
# of this process, which Node.js then has: see src/system/hangup.ts.
if [ -r /proc/self/status ]; then
  while read -r name value; do
    case $name$value in SigIgn:*[13579bdf]) export PANX_HANGUP_IGNORED=$$ ;; esac
  done < /proc/self/status
elif { sh -c 'kill -HUP $$'; } 2> /dev/null; then
  export PANX_HANGUP_IGNORED=$$
fi

# Node.js puts /dev/null in the place of stdout and stderr that are closed, and what is printed would be lost without a word. What
# is open for reading only fails as a closed one does.
{ true 3>&1; } 2> /dev/null || exec 1< /dev/null
true 3>&2 || exec 2< /dev/null

if ! command -v node > /dev/null; then
  echo 'panx: Node.js is not found; expected node on the PATH.' >&2
  exit 127
fi
exec node "$0" "$@"
*/
