package form

import "strings"

// Capitals writes cents in the Chinese numerals of invoices (大写): 1,020.05 is
// 壹仟零贰拾元零伍分. It takes amounts below 10^14 cents; a negative one begins with 负.
func Capitals(cents int64) string {
	if cents < 0 {
		return "负" + Capitals(-cents)
	}
	yuan, jiao, fen := cents/100, cents/10%10, cents%10
	var b strings.Builder
	if yuan > 0 {
		b.WriteString(integer(yuan))
		b.WriteString("元")
	}
	switch {
	case cents == 0:
		return "零元整"
	case jiao == 0 && fen == 0:
		b.WriteString("整")
		return b.String()
	case jiao > 0:
		b.WriteString(digits[jiao] + "角")
	case yuan > 0:
		b.WriteString("零")
	}
	if fen > 0 {
		b.WriteString(digits[fen] + "分")
	} else {
		b.WriteString("整")
	}
	return b.String()
}

var (
	digits = [...]string{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}
	places = [...]string{"", "拾", "佰", "仟"}
	groups = [...]string{"", "万", "亿", "万亿"}
)

// integer writes a positive whole number, four digits to a group.
func integer(n int64) string {
	var parts []int
	for ; n > 0; n /= 10000 {
		parts = append(parts, int(n%10000))
	}
	var b strings.Builder
	gap := false // a zero must be said before the next digit
	for g := len(parts) - 1; g >= 0; g-- {
		part := parts[g]
		for p, unit := 3, 1000; p >= 0; p, unit = p-1, unit/10 {
			digit := part / unit % 10
			if digit == 0 {
				gap = gap || b.Len() > 0
				continue
			}
			if gap {
				b.WriteString(digits[0])
				gap = false
			}
			b.WriteString(digits[digit] + places[p])
		}
		if part > 0 {
			b.WriteString(groupName(g, parts))
		}
	}
	return b.String()
}

// groupName is 万 alone where 亿 follows with digits of its own.
func groupName(g int, parts []int) string {
	if g == 3 && parts[2] > 0 {
		return groups[1]
	}
	return groups[g]
}
