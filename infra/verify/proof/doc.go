// Package proof attacks what the README guarantees: that nothing acknowledged is lost,
// nothing shown twice, nothing invented. It has no code of its own, only tests, which
// run the recorder, the query and the compactor in process over a store in memory.
//
// They attack in five ways:
//
//   - Every fault: a scenario of each job is played once for each of its calls and each
//     kind of fault at that call, late effects, crashes and outages among them.
//   - Every crossing: each job runs as a whole before each call of another.
//   - Schedules: recorders, compactors and readers of one partition whose calls interleave
//     and fail as drawn from a seed, with clocks hours apart and recorders that freeze.
//   - Spoilt objects: cut, flipped, of a newer version, and whatever else may lie under a key.
//   - The known ways to lose an event, below, one test each.
//
// A historian stands before the store and complains of two contents under one key, of a
// name that is not its content's digest, and of a delete of a key whose events no later
// object holds at that moment. After each attack every acknowledged event must be
// answered exactly once by a new reader, before and after compaction, and before and
// after what is late takes effect.
//
// PROOF_SCHEDULES is how many schedules are run, 2000 unless it is set; PROOF_SEED
// plays the one schedule of a failure again, step by step.
//
// The known ways, and where each is tested. A test fails where its rule is taken out.
//
//	a repeated put is stored damaged          pkg/objstore/ossstore: TestDamagedBodyIsRefused, TestPutSendsLengthAndDigest
//	an unverified output is cleaned up        TestAnOutputThatOneCannotVerifyStaysForAnother
//	footer and rows of two versions of a key  TestAReaderReadsOneVersionOfAKey, TestACompactorReadsOneVersionOfAKey
//	a missing input is skipped                pkg/compact: TestAMissingInputEndsTheMerge
//	an unreadable input is skipped            pkg/compact: TestUnreadableInputsStay
//	a number is used again                    pkg/record: TestNoKeyHoldsTwoContents; TestALatePutIsBelowTheNextNumber
//	acknowledged for being in the run         pkg/record: TestARepeatedEventIsPutAgain
//	deleted below an unconfirmed number       pkg/record: TestNothingIsDeletedBelowAnUnconfirmedPut
//	deleted for being listed, or by prefix    TestADamagedHighestNumberAboveASoundOne, TestADeleteNamesWhatWasMerged
//	deleted after an unknown put              TestNothingIsDeletedBeforeTheOutputWasReadBack
//	deleted though the output is damaged      TestNothingIsDeletedForAnotherSegment; pkg/compact: TestAnOutputStoredDamagedDeletesNothing
//	two objects supersede each other          TestTwoObjectsDoNotSupersedeEachOther
//	an output is its own input                TestAnOutputIsNoneOfItsInputs
//	two layouts in one bucket                 TestOnlyOneOfTwoLayoutsAcknowledges, TestTwoLayoutsAnswerNothing
//	the last level                            TestTheHighestLevelIsLeftAlone; pkg/compact: TestPlan
//	the last number                           pkg/record: TestARunEndsAtTheHighestNumber
//	a delayed delete of what was put again    TestADelayedDeleteOfKeysThatAreThereAgain
//	an output sorts before its inputs         TestACompactionBetweenTwoPages
//	a damaged number hides a sound one        pkg/query: TestDamagedObjectsAreNamed; TestADamagedHighestNumberAboveASoundOne
//	a reader gives up                         TestAReaderOutlastsCompactions; pkg/query: TestAMissingObjectMeansListAgain
//	a reader never gives up                   pkg/query: TestAPartitionThatNeverSettles
//	one run identifier for two runs           TestRunIdentifiersAreNotDrawnTwice, TestNoRunWithoutRandomBits
package proof
