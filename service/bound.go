package service

// stopBound has systemd stop the service that was started for a container, once that has ended and does not start
// again. It does not wait: the service's own stop may ask this daemon.
func (s *Service) stopBound(r *run) {
	if r.Bound == "" {
		return
	}
	unit := r.Bound
	s.work.Go(func() {
		ctx, cancel := limited(detached(), endTimeout)
		defer cancel()
		if err := s.Scopes.StopService(ctx, unit); err != nil {
			s.Log.Error("stop the container's service", r.who(), "service", unit, "err", err)
		}
	})
}

// bind makes a container that runs that of a service, as if it had been started for it. It returns a StateError if it
// is that of another service.
func (s *Service) bind(c *container, unit string) error {
	r := c.run
	switch r.Bound {
	case unit:
		return nil
	case "":
	default:
		snap := c.snapshot()
		return &StateError{Kind: AlreadyRunning, Op: string(opAdopt), Name: snap.Name, State: snap.State, Unit: r.Bound}
	}
	r.Bound = unit
	err := s.Runs.Save(r.Run)
	if err != nil { // a later daemon would not stop the service
		r.Bound = ""
	}
	return err
}
