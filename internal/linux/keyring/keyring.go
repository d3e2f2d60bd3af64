// Package keyring gives a thread a session keyring of its own (session-keyring(7)). It keeps no state.
package keyring

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Join gives the calling thread a new session keyring without a name, which only the thread and what
// it creates have. It changes nothing if the user may have no more keys (EDQUOT) or the kernel has no
// keyrings (ENOSYS).
func Join() error {
	// A name would not do, not even an empty one: it joins whoever has that name already.
	_, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	if err != nil && !errors.Is(err, unix.EDQUOT) && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("join a new session keyring: %w", err)
	}
	return nil
}

// Apart joins a new session keyring and calls f on the same thread, which keeps the keyring. A process
// that f creates has it too.
func Apart(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := Join(); err != nil {
		return err
	}
	return f()
}
