// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonPatchTest {

    private static Json patch(String document, String operations) {
        return JsonPatch.apply(Samples.any(document), (JsonArray) Samples.any(operations));
    }

    /** The examples of RFC 6902, appendix A. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'foo':'bar'}|[{'op':'add','path':'/baz','value':'qux'}]"
                        + "|{'baz':'qux','foo':'bar'}",
                "{'foo':['bar','baz']}|[{'op':'add','path':'/foo/1','value':'qux'}]"
                        + "|{'foo':['bar','qux','baz']}",
                "{'baz':'qux','foo':'bar'}|[{'op':'remove','path':'/baz'}]|{'foo':'bar'}",
                "{'foo':['bar','qux','baz']}|[{'op':'remove','path':'/foo/1'}]"
                        + "|{'foo':['bar','baz']}",
                "{'baz':'qux','foo':'bar'}|[{'op':'replace','path':'/baz','value':'boo'}]"
                        + "|{'baz':'boo','foo':'bar'}",
                "{'foo':{'bar':'baz','waldo':'fred'},'qux':{'corge':'grault'}}"
                        + "|[{'op':'move','from':'/foo/waldo','path':'/qux/thud'}]"
                        + "|{'foo':{'bar':'baz'},'qux':{'corge':'grault','thud':'fred'}}",
                "{'foo':['all','grass','cows','eat']}"
                        + "|[{'op':'move','from':'/foo/1','path':'/foo/3'}]"
                        + "|{'foo':['all','cows','eat','grass']}",
                "{'baz':'qux','foo':['a',2,'c']}|[{'op':'test','path':'/baz','value':'qux'},"
                        + "{'op':'test','path':'/foo/1','value':2}]"
                        + "|{'baz':'qux','foo':['a',2,'c']}",
                "{'foo':'bar'}|[{'op':'add','path':'/child','value':{'grandchild':{}}}]"
                        + "|{'foo':'bar','child':{'grandchild':{}}}",
                "{'foo':'bar'}|[{'op':'add','path':'/baz','value':'qux','xyz':123}]"
                        + "|{'foo':'bar','baz':'qux'}",
                "{'/':9,'~1':10}|[{'op':'test','path':'/~01','value':10}]|{'/':9,'~1':10}",
                "{'foo':['bar']}|[{'op':'add','path':'/foo/-','value':['abc','def']}]"
                        + "|{'foo':['bar',['abc','def']]}",
                "{'a':1}|[{'op':'copy','from':'/a','path':'/b'}]|{'a':1,'b':1}",
                "{'a':1}|[{'op':'replace','path':'','value':{'b':2}}]|{'b':2}",
                "{'a':{'x/y':1}}|[{'op':'replace','path':'/a/x~1y','value':2}]|{'a':{'x/y':2}}"
            })
    void appliesOperations(String document, String operations, String expected) {
        assertThat(patch(document, operations)).isEqualTo(Samples.any(expected));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "[{'op':'test','path':'/baz','value':'bar'}]"
                        + "|testing value /baz failed: test failed",
                "[{'op':'remove','path':'/nope'}]"
                        + "|error in remove for path: '/nope': Unable to remove nonexistent key:"
                        + " nope: missing value",
                "[{'op':'replace','path':'/nope','value':1}]"
                        + "|replace operation does not apply: doc is missing key: /nope: missing"
                        + " value",
                "[{'op':'add','path':'/a/b','value':1}]"
                        + "|add operation does not apply: doc is missing path: \"/a/b\": missing"
                        + " value",
                "[{'op':'add','path':'/list/9','value':1}]|invalid index",
                "[{'op':'remove','path':'/list/01'}]|invalid index",
                "[{'op':'move','from':'/nope','path':'/x'}]"
                        + "|move operation does not apply: doc is missing from path: /nope",
                "[{'op':'move','from':'/obj','path':'/obj/x'}]|is inside of",
                "[{'op':'explode','path':'/x'}]|Unexpected kind: explode",
                "[{'op':'add','path':'x','value':1}]|must be empty or start with '/'",
                "[{'op':'add','path':'/x'}]|has no value",
                "[{'op':'add'}]|has no path",
                "['x']|list of objects"
            })
    void refusesWhatDoesNotApply(String operations, String message) {
        assertThatThrownBy(() -> patch("{'baz':'qux','list':[1],'obj':{}}", operations))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void copiesOfCopiesCannotGrowWithoutEnd() {
        StringBuilder operations = new StringBuilder("[");
        for (int i = 0; i < 60; i++) {
            operations
                    .append(i == 0 ? "" : ",")
                    .append("{'op':'copy','from':'','path':'/x")
                    .append(i)
                    .append("'}");
        }
        assertThatThrownBy(() -> patch("{'seed':'0123456789'}", operations.append("]").toString()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("exceeding the limit");
    }

    @Test
    void theNumberOfOperationsIsBounded() {
        List<Json> many =
                new ArrayList<>(
                        Collections.nCopies(
                                10_001, Samples.any("{'op':'test','path':'','value':{}}")));
        assertThatThrownBy(() -> JsonPatch.apply(Samples.any("{}"), new JsonArray(many)))
                .hasMessage("The allowed maximum operations in a JSON patch is 10000, got 10001");
    }
}
