@MP107 @requirement-1
Feature: The DSP has one switch for all S1SPs and each S1SP has its own release
  If the change is not released together, the DSP may accept what a lagging S1SP then rejects with an S1SP Alert.

  @MP107-T20 @FIA-4.1 @FIA-5.2 @severity-blocker
  Scenario Outline: A lagging S1SP rejects with an S1SP Alert while the other two succeed
    Given the <device_type> of every S1SP with the incorrect Network Operator's certificate in its Network Operator slot
    And MP107 is on at the DSP and off at <s1sp> only
    When the incorrect Network Operator of each device sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges every request
    And <s1sp> rejects its request with S1SP Alert S1VE4
    And no slot of the device of <s1sp> has changed
    And the other two S1SPs answer with a signed success

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T21 @FIA-4.1 @SRPD-6.1f @severity-critical
  Scenario Outline: With the DSP's switch off the incorrect Network Operator is not eligible
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And MP107 is off at the DSP and on at every S1SP
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T22 @DP107 @FIA-3.2 @severity-critical
  Scenario Outline: With MP107 off everywhere neither Network Operator can repair the device
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And MP107 is off at the DSP and off at every S1SP
    When the correct Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> rejects the request with S1SP Alert S1VE64
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP rejects the request because the sender is not eligible for the device
    And no slot has changed
    And nothing came from <s1sp> about the request

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T23 @FIA-4.1 @severity-critical
  Scenario Outline: The one switch of the DSP serves every S1SP
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And MP107 is off at the DSP and on at every S1SP
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP rejects the request because the sender is not eligible for the device
    When MP107 is switched on at the DSP
    And the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |
