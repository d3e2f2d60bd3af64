// Package plan defines the Plan: all that the supervisor and the init stage of one container will
// do. It has the namespaces, id maps, sources, mounts in order, devices, links, capabilities,
// environment, arguments, user and directory. Package planner makes it. Package initproc carries it
// out and decides nothing.
//
// It is pure. People and tests read a plan as JSON. The init stage gets it as packed bytes: reading
// JSON there would take as long as all mounts together.
package plan
