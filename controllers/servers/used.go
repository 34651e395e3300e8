package servers

import "k8s.io/apimachinery/pkg/api/resource"

const (
	percentStep = 5 // of status.usedPercent
	percentPlay = 1 // beyond a step before the status follows
)

// UsedPercent is status.usedPercent: the share of capacity in use, rounded down to
// steps of 5, so that the status is not written each time. It keeps what it was
// until the share is 1 % outside of that step. Nil when there is no capacity.
func UsedPercent(before *int32, used int64, capacity *resource.Quantity) *int32 {
	if capacity == nil || capacity.Sign() <= 0 {
		return nil
	}
	share := 100 * float64(used) / capacity.AsApproximateFloat64()
	if before != nil && share >= float64(*before-percentPlay) && share < float64(*before+percentStep+percentPlay) {
		return before
	}
	step := int32(share/percentStep) * percentStep
	return &step
}
