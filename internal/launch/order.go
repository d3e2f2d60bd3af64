package launch

import (
	"context"
	"fmt"
	"time"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// orderLimit is how long a supervisor may leave no room for an order.
const orderLimit = 5 * time.Second

// errSilent says that a supervisor takes nothing, or answers nothing, as one that is stopped.
var errSilent = fmt.Errorf("%w: the container's supervisor does not answer", service.ErrTimeout)

// order sends a message that has no answer. It is no error if the supervisor has ended. It returns errSilent if the
// supervisor leaves no room for it within orderLimit.
func (p *Process) order(m wire.Message) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), orderLimit, errSilent) //nolint:forbidigo // an order is carried out whoever leaves
	defer cancel()
	if err := p.conn.SendWithin(ctx, m); err != nil && !hasEnded(err) {
		return err
	}
	return nil
}
