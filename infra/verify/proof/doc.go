// Package proof attacks the guarantees: nothing acknowledged is lost, nothing is shown
// twice, nothing is invented. It consists of tests alone, which run the recorder with its
// webhooks, the query and the compactor in process over a store in memory. README.md says
// what is attacked and how, and the latest figures.
//
// A historian wraps the store. It complains of two contents under one key, of a name that
// is not its content's digest, and of deleting a key whose events no later object holds at
// that moment. After each attack a new reader must show every acknowledged event exactly
// once, before and after compaction, and before and after delayed requests take effect.
// The quarantine must hold every delivery that a response reported as rejected.
//
// PROOF_SCHEDULES sets the number of schedules, 2000 by default. PROOF_SEED plays the one
// schedule of a failure again and logs each step.
//
// The known ways to lose, double or invent an event, each with its tests. A test fails if
// its rule is removed from the code.
//
//	a repeated put is stored damaged            pkg/objstore/ossstore: TestDamagedBodyIsRefused, TestPutSendsLengthAndDigest
//	an unverified output is cleaned up          TestAnOutputThatOneCannotVerifyStaysForAnother
//	footer and rows of two versions of a key    TestAReaderReadsOneVersionOfAKey, TestACompactorReadsOneVersionOfAKey
//	a missing input is skipped                  pkg/compact: TestAMissingInputEndsTheMerge
//	an unreadable input is skipped              pkg/compact: TestUnreadableInputsStay
//	a sequence number is used twice             pkg/record: TestNoKeyHoldsTwoContents; TestALatePutIsBelowTheNextNumber
//	acknowledged for being in the run           pkg/record: TestARepeatedEventIsPutAgain
//	deleted below an unconfirmed number         pkg/record: TestNothingIsDeletedBelowAnUnconfirmedPut
//	deleted for being listed, or by prefix      TestADamagedHighestNumberAboveASoundOne, TestADeleteNamesWhatWasMerged
//	deleted after an unknown put                TestNothingIsDeletedBeforeTheOutputWasReadBack
//	deleted though the output is damaged        TestNothingIsDeletedForAnotherSegment; pkg/compact: TestAnOutputStoredDamagedDeletesNothing
//	two objects supersede each other            TestTwoObjectsDoNotSupersedeEachOther
//	an output is its own input                  TestAnOutputIsNoneOfItsInputs
//	two layouts in one bucket                   TestOnlyOneOfTwoLayoutsAcknowledges, TestTwoLayoutsShowNothing
//	the last level                              TestTheHighestLevelIsLeftAlone; pkg/compact: TestPlan
//	the last sequence number                    pkg/record: TestARunEndsAtTheHighestNumber
//	a delayed delete of keys put again          TestADelayedDeleteOfKeysThatAreThereAgain
//	an output sorts before its inputs           TestACompactionBetweenTwoPages
//	a damaged object hides a sound one          pkg/query: TestDamagedObjectsAreNamed; TestADamagedHighestNumberAboveASoundOne
//	a reader gives up                           TestAReaderOutlastsCompactions; pkg/query: TestAMissingObjectMeansListAgain
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
