package contract

// The ids of messages in the journal (MESSAGE_ID). The catalog has a text for each: packaging/berth.catalog.
const (
	MessageStarted      = "3830da63f5ed475fa5f1d3028cf0d6ea" // a container has started
	MessageStopped      = "7c2727f02f9644f395dca7073c18a953" // a container has stopped as somebody wanted, or by itself
	MessageCrashed      = "d794d5421ab34ed78eb78521ed2bbf55" // a container has ended by a crash
	MessageRebooted     = "9c2be46869564011b05f9ad096f0692b" // a container has rebooted
	MessageStartFailed  = "f6e81fd5bd024850a510f273f3329c40" // a container could not be started
	MessageNotRestarted = "ec607ed247ec4c6796e3bec5eae96e01" // a life-cycle action could not start a container again
	MessageSuspended    = "8b4ba73bd66e453987a9b96a00f692d3" // a container was suspended
	MessageResumed      = "358abad1d5ec41d98949a73918f9a50c" // a suspended container goes on
	MessageOOM          = "0c1b594a228b47e7809cce0cac391144" // the kernel has killed processes of a container
	MessageUnreadable   = "4e279e8de9d44c3791ed5122889f7335" // a stored definition cannot be read
	MessageStuck        = "d10efda401104d0b820ca45d5016ad72" // processes of a container do not end
	MessageNoSupervisor = "4c5ac75d8ef14fd094c431f82dd2fe24" // the supervisor of a container does not answer
)
