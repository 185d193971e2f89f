// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.itests.endtoend.HistoryChecker.Acknowledged;
import dev.wayside.itests.endtoend.HistoryChecker.Stretch;
import dev.wayside.itests.endtoend.StoreHistory.State;
import dev.wayside.itests.endtoend.StoreHistory.Told;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The checker that is given wrong histories must name what is wrong with each. */
class HistoryCheckerTest {
    private static final long END = 20;

    private final HistoryChecker checker = new HistoryChecker();
    private final StoreHistory store = new StoreHistory(10, List.of(state("old", 5, "m5", "web")));

    @BeforeEach
    void fill() {
        store.add("ADDED", state("a", 11, "m11", "web"));
        store.add("MODIFIED", state("a", 13, "m13", "other"));
        store.add("MODIFIED", state("a", 14, "m14", "other"));
        store.add("MODIFIED", state("a", 16, "m16", "web"));
        store.add("DELETED", state("a", 17, "m16", "web"));
        store.add("ADDED", state("a", 18, "m18", "web"));
    }

    private static boolean isWeb(State state) {
        return "web".equals(state.labels().get("app"));
    }

    private static State state(String name, long revision, String mark, String app) {
        return new State(name, revision, mark, Map.of("app", app), "");
    }

    private static Told told(String type, long revision, String mark) {
        return new Told(type, "a", revision, mark);
    }

    private static List<Told> web() {
        return new ArrayList<>(
                List.of(
                        told("ADDED", 11, "m11"),
                        told("DELETED", 13, "m11"),
                        told("ADDED", 16, "m16"),
                        told("DELETED", 17, "m16"),
                        told("ADDED", 18, "m18")));
    }

    private List<String> findings(List<Told> events) {
        checker.watched(
                "web",
                store,
                HistoryCheckerTest::isWeb,
                List.of(new Stretch(10, null, events)),
                END);
        return checker.findings();
    }

    @Test
    void findsNothingWrongWithWhatKubernetesWouldTell() {
        assertThat(findings(web())).isEmpty();
        checker.watched(
                "all",
                store,
                state -> true,
                List.of(new Stretch(10, null, store.told(10, END, state -> true))),
                END);
        assertThat(checker.findings()).isEmpty();
    }

    @Test
    void namesALostEvent() {
        List<Told> events = web();
        events.remove(2);
        assertThat(findings(events))
                .singleElement()
                .asString()
                .startsWith("lost: web")
                .contains("16");
    }

    @Test
    void namesTheLossOfTheEnd() {
        assertThat(findings(web().subList(0, 4)))
                .singleElement()
                .asString()
                .startsWith("lost: web");
    }

    @Test
    void namesADuplicate() {
        List<Told> events = web();
        events.add(3, events.get(2));
        assertThat(findings(events)).singleElement().asString().startsWith("duplicated: web");
    }

    @Test
    void namesAnExchangedOrder() {
        List<Told> events = web();
        Collections.swap(events, 1, 2);
        assertThat(findings(events)).singleElement().asString().startsWith("reordered: web");
    }

    @Test
    void namesAnEventFromBeforeTheBeginning() {
        List<Told> events = web();
        events.add(0, new Told("ADDED", "old", 5, "m5"));
        assertThat(findings(events)).singleElement().asString().startsWith("stale: web");
    }

    @Test
    void namesAnEventThatTheStoreDoesNotHave() {
        List<Told> events = web();
        events.add(told("MODIFIED", 19, "m19"));
        assertThat(findings(events)).singleElement().asString().startsWith("invented: web");
    }

    @Test
    void namesAnEventOfAnotherTypeOrContent() {
        List<Told> events = web();
        events.set(2, told("MODIFIED", 16, "m16"));
        events.set(4, told("ADDED", 18, "m17"));
        assertThat(findings(events)).hasSize(2).allMatch(found -> found.startsWith("changed: web"));
    }

    @Test
    void namesWhatAListLacksAndWhatItHasTooMuch() {
        Told old = new Told("ADDED", "old", 5, "m5");
        Stretch good = new Stretch(17, List.of(old), List.of(told("ADDED", 18, "m18")));
        checker.watched("web", store, HistoryCheckerTest::isWeb, List.of(good), END);
        assertThat(checker.findings()).isEmpty();
        Told gone = told("ADDED", 16, "m16");
        checker.watched(
                "web",
                store,
                HistoryCheckerTest::isWeb,
                List.of(new Stretch(18, List.of(gone), List.of())),
                END);
        assertThat(checker.findings())
                .anyMatch(found -> found.startsWith("invented: web listed"))
                .anyMatch(found -> found.startsWith("lost: web listed not"))
                .hasSize(3);
    }

    @Test
    void namesAListThatIsOlderThanWhatWasSeen() {
        Stretch first = new Stretch(10, null, web());
        Stretch older =
                new Stretch(
                        17,
                        List.of(new Told("ADDED", "old", 5, "m5")),
                        List.of(told("ADDED", 18, "m18")));
        checker.watched("web", store, HistoryCheckerTest::isWeb, List.of(first, older), END);
        assertThat(checker.findings()).singleElement().asString().startsWith("stale: web listed");
    }

    @Test
    void namesAcknowledgedWritesThatAreNotThere() {
        checker.acknowledged(
                store,
                List.of(
                        new Acknowledged("a", 10, 11, "m11", END),
                        new Acknowledged("a", 16, 0, "", END)));
        assertThat(checker.findings()).isEmpty();
        checker.acknowledged(
                store,
                List.of(
                        new Acknowledged("a", 11, 12, "m12", END),
                        new Acknowledged("a", 12, 13, "m99", END),
                        new Acknowledged("a", 18, 0, "", END)));
        assertThat(checker.findings()).hasSize(3).allMatch(found -> found.startsWith("lost: the"));
    }

    @Test
    void namesARevisionThatWentBack() {
        checker.acknowledged(store, List.of(new Acknowledged("a", 14, 13, "m13", END)));
        assertThat(checker.findings()).singleElement().asString().startsWith("stale: a revision");
    }
}
