package diagnose

import "maps"

// verdictTexts holds the wording of every verdict in English and Chinese. A verdict with
// alternative wordings has a code for each of them. A name in braces is a placeholder; for example,
// {count} stands for how often something happened. Action infos stay in English in both languages,
// so that people can search for them. If a text refers to a section of the page, it quotes the title
// of the section.
var verdictTexts = merged(patternTexts, singleTexts, wordTexts)

func merged(texts ...map[Code][2]verdictText) map[Code][2]verdictText {
	all := map[Code][2]verdictText{}
	for _, some := range texts {
		maps.Copy(all, some)
	}
	return all
}
