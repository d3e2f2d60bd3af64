package peers

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// topLook is a look of berthctl top, which asks for what it shows and no more.
type topLook struct {
	bystander
	berth berth
}

func (l *topLook) Prepare(context.Context, int) (About, error) {
	about := About{Note: "GetAllStats of the figures that berthctl top shows, while Berth's containers run", Programs: []string{"berthd"}}
	err := l.berth.connect(&about)
	return about, err
}

// shown are the figures of the usual columns.
func shown() []string {
	return []string{"cpu-usage-usec", "memory-current", "io-read-bytes", "io-write-bytes", "tasks-current"}
}

func (l *topLook) Close() error { return l.berth.Close() }

func (l *topLook) Figures(ctx context.Context, ids []int) error {
	options := noOptions()
	options["figures"] = dbus.MakeVariant(shown())
	return l.berth.look(ctx, ids, options)
}
