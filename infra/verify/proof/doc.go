// Package proof attacks the guarantees: nothing acknowledged is lost, nothing is shown
// twice, nothing is invented. The package consists of tests alone. The tests run the recorder
// with its webhooks, the query and the compactor in one process over a store in memory.
// README.md describes the attacks and states the latest figures.
//
// A historian wraps the store. It complains if one key gets two contents, if a name is not
// the digest of the content, or if a key is deleted while no later object holds the events
// of that key. After each attack a new reader must show every acknowledged event exactly
// once, before and after compaction, and before and after delayed requests take effect.
// The quarantine must hold every delivery that a response reported as rejected.
//
// PROOF_SCHEDULES sets the number of schedules, 2000 by default. PROOF_SEED is the seed of a
// schedule that failed: the tests play only that schedule again and log each step.
//
// The table lists the known ways to lose, duplicate or invent an event, and the tests of each
// way. A test fails if the rule against that way is removed from the code.
//
//	a repeated put is stored damaged            pkg/objstore/ossstore: TestDamagedBodyIsRefused, TestPutSendsLengthAndDigest
//	an unverified output is cleaned up          TestAnOutputThatOneCannotVerifyStaysForAnother
//	footer and rows of two versions of a key    TestAReaderReadsOneVersionOfAKey, TestACompactorReadsOneVersionOfAKey
//	a missing input is skipped                  pkg/compact: TestAMissingInputEndsTheMerge
//	an unreadable input is skipped              pkg/compact: TestUnreadableInputsStay
//	a sequence number is used twice             pkg/record: TestNoKeyHoldsTwoContents; TestALatePutIsBelowTheNextNumber
//	acknowledged because it is in the run       pkg/record: TestARepeatedEventIsPutAgain
//	deleted below an unconfirmed number         pkg/record: TestNothingIsDeletedBelowAnUnconfirmedPut
//	deleted because it is listed, or by prefix  TestADamagedHighestNumberAboveASoundOne, TestADeleteNamesWhatWasMerged
//	deleted after an unknown put                TestNothingIsDeletedBeforeTheOutputWasReadBack
//	deleted though the output is damaged        TestNothingIsDeletedForAnotherSegment; pkg/compact: TestAnOutputStoredDamagedDeletesNothing
//	two objects supersede each other            TestTwoObjectsDoNotSupersedeEachOther
//	an output is its own input                  TestAnOutputIsNoneOfItsInputs
//	two layouts in one bucket                   TestOnlyOneOfTwoLayoutsAcknowledges, TestTwoLayoutsShowNothing
//	the highest level is merged again           TestTheHighestLevelIsLeftAlone; pkg/compact: TestPlan
//	a run exceeds the last sequence number      pkg/record: TestARunEndsAtTheHighestNumber
//	a delayed delete of keys put again          TestADelayedDeleteOfKeysThatAreThereAgain
//	an output sorts before its inputs           TestACompactionBetweenTwoPages
//	a damaged object hides a sound one          pkg/query: TestDamagedObjectsAreNamed; TestADamagedHighestNumberAboveASoundOne
//	a reader gives up too early                 TestAReaderOutlastsCompactions; pkg/query: TestAMissingObjectMeansListAgain
//	a reader never gives up                     pkg/query: TestAPartitionThatNeverSettles
//	one run identifier for two runs             TestRunIdentifiersAreNotDrawnTwice, TestNoRunWithoutRandomBits
//	quarantined before its events are recorded  TestNothingIsQuarantinedBeforeItsEventsAreRecorded
//	a crash between events and quarantine       TestACrashBetweenEventsAndQuarantine
//	reported as rejected, but not kept          TestARejectionIsReportedOnlyOnceItIsKept, TestEveryFaultBehindAWebhook
//	a replay makes new events                   TestAReplayRepeatsTheReceivedTime, TestEveryFaultBehindAWebhook
//	a full recorder acknowledges or reads on    TestAFullBudgetRefusesUnreadDeliveries; pkg/webhook: TestBudgetExhausted
//	a fault keeps its share of the budget       TestEveryFaultBehindAWebhook
//	a sender disconnects before the response    pkg/webhook: TestSenderDisconnectsAfterTheRequest
package proof
