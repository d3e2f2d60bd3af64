package cli

import (
	"context"
	"fmt"
)

// relabelling shows on a terminal how many files a start has relabelled, if that takes longer than a second. done
// removes it.
func (a *app) relabelling(ctx context.Context, d Daemon, t target) (done func()) {
	return a.eachSecond("", func() string {
		info, err := d.Info(ctx, t.path)
		if err != nil || info.RelabelProgress == 0 {
			return ""
		}
		return fmt.Sprintf("Relabelling the files of domain '%s': %d files", printable(info.Name), info.RelabelProgress)
	})
}
