package domain

// maxShutdown is the longest ShutdownTimeout, in seconds: a day. systemd, too, counts from then on.
const maxShutdown = 24 * 60 * 60

// readShutdown reads <berth:shutdown>. It has at least one of its attributes.
func readShutdown(d *Def, e *extension, f *faults) {
	if e.Shutdown == nil {
		return
	}
	const at = "domain/berth:container/berth:shutdown@"
	if limit := e.Shutdown.Timeout; limit != nil {
		d.Extension.ShutdownTimeout = *limit
		if *limit == 0 || *limit > maxShutdown {
			f.invalid(at+"timeout", "a timeout is 1 to %d seconds, not %d", maxShutdown, *limit)
		}
		if e.Shutdown.Signal == "" {
			return
		}
	}
	d.Extension.ShutdownSignal = e.Shutdown.Signal
	if _, known := signalNumber(e.Shutdown.Signal); !known {
		f.invalid(at+"signal", "'%.40s' is not a signal; write it as SIGTERM or SIGRTMIN+3", e.Shutdown.Signal)
	}
}

func formatShutdown(e Extension) *extShutdown {
	if e.ShutdownSignal == "" && e.ShutdownTimeout == 0 {
		return nil
	}
	x := &extShutdown{Signal: e.ShutdownSignal}
	if e.ShutdownTimeout > 0 {
		x.Timeout = &e.ShutdownTimeout
	}
	return x
}
