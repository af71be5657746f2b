// Package proof attacks what Device Trace guarantees about events. The guarantees are that no
// acknowledged event is lost, no event is shown twice, and no event is invented. The package
// contains only tests. They run the recorder with its webhooks, the query and the compactor in
// one process, over a store in memory. README.md describes the attacks and states the latest
// figures.
//
// Every bucket has two instances, with events of the same clients at the same times. The same
// recorders, compactors and readers work on both. An event counts as invented if a query on one
// instance shows an event of the other.
//
// A historian wraps the store, watches each put and delete, and reports a failure in three cases:
//
//   - Different contents are put under one key.
//   - The name of a compacted object does not contain the digest of the object's content.
//   - An object is deleted although no later object holds its events.
//
// After each attack, a new reader must show every acknowledged event exactly once. Each delivery of
// an event without a time counts as a separate event. If a response reported a delivery as
// rejected, the quarantine must hold that delivery. All this must hold before and after compaction,
// and before and after delayed requests take effect.
//
// TestFleetSchedules compares the sums over a fleet with the sums over all distinct rows in the
// bucket. It damages summaries while recorders and compactors work. If a result claims to be exact,
// the sums must be equal. Otherwise, its sums must not be too low, and must not be too high by more
// than the bound that it states.
//
// TestGuessSchedules attacks the reads that a query begins before a listing shows whether their
// objects still exist. Compactors, a vandal and a lifecycle rule change the bucket so often that
// more than a thousand of these reads are useless. A result may lack expired events. If it lacks
// the events of a damaged object, it must name the object.
//
// PROOF_SCHEDULES sets the number of schedules. The default is 2000, or fewer with the race
// detector. If PROOF_SEED is set, TestSchedules, TestFleetSchedules, TestGuessSchedules and
// TestSchedulesWithLinger each play only the schedule with that seed. For example, set it to the
// seed of a schedule that failed. All except TestSchedulesWithLinger then also log each step.
//
// The table lists the known ways to lose, duplicate or invent an event. The tests on the right fail
// if the code no longer copes with the case on the left.
//
//	a repeated put is stored damaged            pkg/objstore/ossstore: TestDamagedBodyIsRefused, TestPutSendsLengthAndDigest
//	a footer is trusted without its rows        TestASegmentUnderAnotherNameFinishesNothing; pkg/compact: TestADamagedOutputFinishesNothing
//	inputs are back after a merge is finished   TestHeldObjectsThatAreThereAgain
//	two compactors finish one merge             TestACompactionBeforeEveryCallOfFinishing
//	an unverified output is deleted             TestAnOutputThatOneCannotVerifyStaysForAnother
//	footer and rows from different versions     TestAReaderReadsOneVersionOfAKey, TestACompactorReadsOneVersionOfAKey
//	a missing input is skipped                  pkg/compact: TestAMissingInputEndsTheMerge
//	an unreadable input is skipped              pkg/compact: TestUnreadableInputsStay
//	a sequence number is used twice             pkg/record: TestNoKeyHoldsTwoContents; TestALatePutIsBelowTheNextNumber
//	a repeat is acknowledged without a put      pkg/record: TestARepeatedEventIsPutAgain
//	an unconfirmed put supersedes an object     pkg/record: TestNothingIsDeletedBelowAnUnconfirmedPut
//	an object that was not merged is deleted    TestADamagedHighestNumberAboveAValidOne, TestADeleteNamesWhatWasMerged
//	inputs are deleted after an unknown put     TestNothingIsDeletedBeforeTheOutputWasReadBack
//	inputs are deleted for a damaged output     TestNothingIsDeletedForAnotherSegment; pkg/compact: TestAnOutputStoredDamagedDeletesNothing
//	two objects supersede each other            TestTwoObjectsDoNotSupersedeEachOther
//	an output is its own input                  TestAnOutputIsNoneOfItsInputs
//	two layouts in one bucket                   TestOnlyOneOfTwoLayoutsAcknowledges, TestTwoLayoutsShowNothing
//	the highest level is merged again           TestTheHighestLevelIsLeftAlone; pkg/compact: TestPlan
//	a run exceeds the last sequence number      pkg/record: TestARunEndsAtTheHighestNumber
//	a late delete hits keys put again           TestADelayedDeleteOfKeysThatAreThereAgain
//	an output sorts before its inputs           TestACompactionBetweenTwoPages
//	a damaged object hides a valid one          pkg/query: TestDamagedObjectsAreNamed; TestADamagedHighestNumberAboveAValidOne
//	bytes of an unlisted object are used        TestGuessSchedules; pkg/query: TestGuessesThatAreDropped, TestARelistingDoesNotGuess
//	a useless read fails or delays a query      pkg/query: TestAFailedGuessIsForgotten, TestAUselessGuessIsCanceled
//	a reader gives up too early                 TestAReaderOutlastsCompactions; pkg/query: TestAMissingObjectMeansListAgain
//	a reader never gives up                     pkg/query: TestAPartitionThatNeverSettles
//	an object vanishes in the middle of a query TestACompactionBeforeEveryCallOfAQueryWithLittleMemory; pkg/query: TestObjectsMissingInMidStream
//	a page repeats or skips events              TestEveryFaultWhileReadingInPages; pkg/query: TestStreamsContinueAfterAnyEvent
//	two runs have the same identifier           TestRunIdentifiersAreNotDrawnTwice, TestNoRunWithoutRandomBits
//	quarantined before its events are recorded  TestNothingIsQuarantinedBeforeItsEventsAreRecorded
//	a crash between events and quarantine       TestACrashBetweenEventsAndQuarantine
//	reported as rejected, but not kept          TestARejectionIsReportedOnlyOnceItIsKept, TestEveryFaultBehindAWebhook
//	a replay makes new events                   TestAReplayRepeatsTheReceivedTime, TestEveryFaultBehindAWebhook
//	equal events without a time collapse        TestEveryFaultBehindAWebhook; pkg/webhook: TestSimultaneousEventsWithoutATimeAreAllShown
//	a delivery has no random bits               pkg/webhook: TestNothingIsRecordedWithoutRandomBits
//	a redelivered message makes new events      TestEveryFaultBehindAWebhook; pkg/webhook: TestARedeliveredMessageIsTheSameEvent
//	two clients have one stored identifier      pkg/broker: TestNoSourceAcceptsACutClientID
//	a response depends on another instance      TestAResponseIsAboutOneInstance; pkg/traceapi: TestForbiddenBeforeAnyRead
//	a run contains events of two instances      TestEveryFaultWhileRecording, TestEveryFaultBehindAWebhook
//	a merge takes inputs of two instances       TestEveryFaultWhileCompacting
//	a merge deletes objects of another instance TestEveryFaultWhileCompacting
//	a replay is for another instance            TestEveryFaultBehindAWebhook
//	one instance fails because another does     TestAResponseIsAboutOneInstance, TestOneInstanceIsRecordedWithoutAnother
//	a call that lingers succeeds without a put  TestSchedulesWithLinger; pkg/record: TestALingeringBatchFailsAsAWhole
//	one canceled call fails others in its batch TestSchedulesWithLinger; pkg/record: TestALingeringCallerLeaves
//	a stop loses the events of lingering calls  TestSchedulesWithLinger; pkg/record: TestCloseEndsTheLinger
//	a linger leaves too little time for the put pkg/record: TestADeadlineEndsTheLinger
//	lingering deliveries exceed the memory      pkg/webhook: TestLingeringDeliveriesTakeFromTheBudget
//	a full recorder accepts a delivery          TestAFullBudgetRefusesUnreadDeliveries; pkg/webhook: TestBudgetExhausted
//	a sum counts an event twice and looks exact TestFleetSchedules; pkg/query: TestOverlappingObjectsAreNotExact
//	a sum omits an object that no other holds   TestFleetSchedules; pkg/query: TestDamagedObjectsOfAFleet
//	a damaged summary is believed               TestFleetSchedules; pkg/query: TestDamagedSummaries
//	a sum mixes instances                       TestFleetSchedules; pkg/query: TestAFleetIsThatOfOneInstance
//	a failed delivery keeps its budget          TestEveryFaultBehindAWebhook
//	a sender disconnects before the response    pkg/webhook: TestSenderDisconnectsAfterTheRequest
package proof
