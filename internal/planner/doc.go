// Package planner makes the Plan of a start from a definition and a few facts of the host. It is
// pure: the same definition and facts give the same plan.
//
// It is not part of package plan, because the supervisor links that and must stay small: it needs
// the plan, but not the domain XML.
package planner
