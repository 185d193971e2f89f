// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import static dev.wayside.connector.apply.Trees.merged;
import static dev.wayside.connector.apply.Trees.object;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a configuration over an object gives, in particular in which order lists come out. */
final class TypedMergeTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    {'text':'a'}                         | {'map':{'x':'1'}}         | {'text':'a','map':{'x':'1'}}
                    {'map':{'x':'1','y':'1'}}            | {'map':{'x':'2'}}         | {'map':{'x':'2','y':'1'}}
                    {'whole':{'x':'1','y':'1'}}          | {'whole':{'x':'2'}}       | {'whole':{'x':'2'}}
                    {'plain':['a','b','c']}              | {'plain':['a','a']}       | {'plain':['a','a']}
                    {'plain':['a','b']}                  | {'plain':[]}              | {'plain':[]}
                    {'set':['a','b']}                    | {'set':['c','a']}         | {'set':['c','a','b']}
                    {'set':['x','a']}                    | {'set':['c','a']}         | {'set':['x','c','a']}
                    {'set':['a','x']}                    | {'set':['a','c']}         | {'set':['a','x','c']}
                    {'set':['a','b','c']}                | {'set':['c','b']}         | {'set':['a','c','b']}
                    {'set':['a','b','c']}                | {'set':['c','a']}         | {'set':['b','c','a']}
                    {'set':['a','x','b']}                | {'set':['b','a']}         | {'set':['x','b','a']}
                    {'set':['a','b','y','c','z']}        | {'set':['b','a','c']}     | {'set':['b','y','z','a','c']}
                    {'set':['b']}                        | {'set':['a','b','c']}     | {'set':['a','b','c']}
                    {'deep':{'a':'1'}}                   | {'deep':{'b':'2'}}        | {'deep':{'a':'1','b':'2'}}
                    {'list':[{'key':'a','nv':1}]}        | {'list':[{'key':'a','id':2,'nv':2}]} | {'list':[{'key':'a','nv':1},{'key':'a','id':2,'nv':2}]}
                    {'list':[{'key':'a','id':1,'nv':1}]} | {'list':[{'key':'a','bv':true}]}     | {'list':[{'key':'a','id':1,'nv':1,'bv':true}]}
                    {'list':[{'key':'a','nv':1},{'key':'b'},{'key':'a','nv':2}]} | {'list':[{'key':'a','bv':true},{'key':'c'},{'key':'b'}]} | {'list':[{'key':'a','bv':true},{'key':'c'},{'key':'b'}]}
                    {'list':[{'key':'a','nv':1},{'key':'a','nv':2}]} | {'list':[]}   | {'list':[{'key':'a','nv':1},{'key':'a','nv':2}]}
                    """)
    void laysAConfigurationOverAnObject(String current, String config, String expected) {
        assertThat(merged(current, config)).isEqualTo(object(expected));
    }
}
