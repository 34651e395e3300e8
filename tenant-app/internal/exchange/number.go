package exchange

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	scientific = regexp.MustCompile(`^([1-9])\.([0-9]+)[eE]\+?([0-9]{1,2})$`)
	wholeFloat = regexp.MustCompile(`^([0-9]{5,})\.0+$`)
)

// exactDigits is how many digits a number in a spreadsheet keeps.
const exactDigits = 15

// plainNumber writes a long number that a spreadsheet took for a quantity as the
// digits that were meant: 1.3800000001E+10 → 13800000001. exact says that the cell
// holds the number itself, as in xlsx; in a CSV it is what the screen showed, so
// that 1.38E+10 has lost its digits and stays as it is, to be refused with a reason.
func plainNumber(cell string, exact bool) string {
	if whole := wholeFloat.FindStringSubmatch(cell); whole != nil {
		return whole[1]
	}
	parts := scientific.FindStringSubmatch(cell)
	if parts == nil {
		return cell
	}
	exponent, err := strconv.Atoi(parts[3])
	missing := exponent - len(parts[2])
	if err != nil || exponent >= exactDigits || missing < 0 || (missing > 0 && !exact) {
		return cell
	}
	return parts[1] + parts[2] + strings.Repeat("0", missing)
}

// digitsLost says whether a cell is a number that no longer has all its digits.
func digitsLost(cell string) bool { return scientific.MatchString(cell) }
