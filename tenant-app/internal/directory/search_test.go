package directory

import (
	"strings"
	"testing"
)

// found does what PostgreSQL does with the query.
func found(terms []string, query string) bool {
	if query == "" {
		return false
	}
	for word := range strings.SplitSeq(query, " & ") {
		word = strings.NewReplacer(`''`, `'`, `\\`, `\`).Replace(strings.TrimSuffix(strings.TrimPrefix(word, "'"), "':*"))
		hit := false
		for _, term := range terms {
			hit = hit || strings.HasPrefix(term, word)
		}
		if !hit {
			return false
		}
	}
	return true
}

func TestSearchFinds(t *testing.T) {
	people := map[string][]string{
		"zhang": searchTerms("张伟", "YF-0012", "+8613812345678", "zhang.wei@acme.example"),
		"shan":  searchTerms("单晓乐", "", "+85291234567", ""),
		"abdu":  searchTerms("阿卜杜拉·买买提", "0088", "", ""),
		"ouy":   searchTerms("欧阳娜娜", "", "", ""),
		"smith": searchTerms("John O'Neil", "", "", ""),
	}
	cases := map[string]string{ // query → who, in the order of the names above
		"张伟": "zhang", "伟": "zhang", "zw": "zhang", "zhangwei": "zhang", "zhang wei": "zhang", "ZhangW": "zhang", "wei": "zhang",
		"1381234": "zhang", "5678": "zhang", "138 1234 5678": "zhang", "+86 138-1234-5678": "zhang", "１３８１２３４": "zhang",
		"yf-0012": "zhang", "YF": "zhang", "0012": "zhang", "zhang.wei@acme": "zhang",
		"单": "shan", "shanxiaole": "shan", "sxl": "shan", "danxiao": "shan", "xiaoyue": "shan", "91234567": "shan", "+852 9123 4567": "shan",
		"买买提": "abdu", "阿卜杜拉买买提": "abdu", "阿卜杜拉·买": "abdu", "阿卜杜拉 买买提": "abdu", "abdlmmt": "abdu", "maimaiti": "abdu", "88": "abdu", "0088": "abdu",
		"娜娜": "ouy", "oynn": "ouy", "ouyang": "ouy", "john": "smith", "oneil": "smith", "o'neil": "smith", "john neil": "smith",
		"赵": "", "wz": "", "678": "", "'": "", "x:* | y": "", "": "", "zhang li": "",
	}
	for query, want := range cases {
		var got []string
		for who, terms := range people {
			if found(terms, searchQuery(query)) {
				got = append(got, who)
			}
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%q (%s) finds %v, want %q", query, searchQuery(query), got, want)
		}
	}
}
