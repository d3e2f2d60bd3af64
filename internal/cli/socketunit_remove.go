package cli

import (
	"context"
	"fmt"
)

// removeUnits disables and removes a pair. A container that the pair has started goes on.
func (a *app) removeUnits(ctx context.Context, u *socketUnit) error {
	if err := u.checkName(); err != nil {
		return err
	}
	texts, err := u.present(unitDir)
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		return fmt.Errorf("there are no units '%s.socket' and '%s.service' in %s", u.unit, u.unit, unitDir)
	}
	if _, found := texts[u.unit+".socket"]; found {
		if _, err := systemctl(ctx, "disable", "--quiet", "--now", "--", u.unit+".socket"); err != nil {
			return err
		}
	}
	if err := u.put(unitDir, nil); err != nil {
		return err
	}
	if _, err := systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	a.say("Units '%s.socket' and '%s.service' removed from %s", u.unit, u.unit, unitDir)
	return nil
}
