// Owns a program that stands for `terraform apply` with a remote lock: what it does when it is interrupted takes 20 seconds.
// Must not know who interrupts it, or why.

/** Seconds between the interrupt and the lock's release. */
export const cleanUpSeconds = 20;

/** In a repository: `sh apply LOCK_URL`. Its state is `terraform.tfstate` beside it. */
export const applyScript = `#!/bin/sh
lock=$1
curl -sSf -X LOCK --data '{}' "$lock" >/dev/null || { echo 'Error acquiring the state lock'; exit 1; }
interrupted=
trap 'interrupted=1' INT
serial=0
while [ -z "$interrupted" ]; do
  serial=$((serial + 1))
  echo "{\\"serial\\": $serial}" >terraform.tfstate
  echo "resource $serial: created"
  sleep 1
done
echo 'Interrupt received. Gracefully shutting down...'
trap 'echo "Two interrupts received. Exiting immediately."; exit 1' INT
sleep ${cleanUpSeconds}
echo "{\\"serial\\": $serial, \\"whole\\": true}" >terraform.tfstate
curl -sSf -X UNLOCK --data '{}' "$lock" >/dev/null
echo 'Lock released.'
exit 1
`;

/** What `terraform.tfstate` holds when the program could do all that it must. */
export const wholeState = /^\{"serial": \d+, "whole": true\}$/;
