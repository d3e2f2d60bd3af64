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
			s.Log.Error("stop the container's service", "unit", unit, "err", err)
		}
	})
}
